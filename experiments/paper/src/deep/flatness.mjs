import { measure } from '@crossreg/experiment-shared/train.mjs';
import { noiseLayers } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import { mean, standardError } from '../numbers.mjs';

/** Two σ further apart than this are different levels, unless the loss is flat in σ. */
const FACTOR = 1.5;

/** The negative log-likelihood of every example. */
const losses = ({ probabilities }, labels) => {
  const classes = probabilities.length / labels.length;
  return Array.from(labels, (label, i) => -Math.log(Math.max(probabilities[i * classes + label], 1e-7)));
};

/**
 * How flat the loss is in σ of each noise layer: how much the NLL of the averaged prediction changes if σ of that layer is
 * divided or multiplied by {@link FACTOR}. The weights stay as they are, and all predictions draw the same noise.
 *
 * @returns by the name of the layer, `divided` and `multiplied`: the mean change over the examples, and its standard error.
 */
export async function flatness(model, set, samples) {
  const measured = async () => losses(await measure(model, set, samples), set.labels);
  const here = await measured();
  const changes = {};
  for (const { name, rho } of noiseLayers(model)) {
    const learned = tf.clone(rho);
    const changedBy = async (factor) => {
      tf.tidy(() => rho.assign(tf.add(learned, Math.log(factor))));
      const differences = (await measured()).map((loss, i) => loss - here[i]);
      return { mean: mean(differences), error: standardError(differences) };
    };
    changes[name] = { divided: await changedBy(1 / FACTOR), multiplied: await changedBy(FACTOR) };
    rho.assign(learned);
    learned.dispose();
  }
  return changes;
}
