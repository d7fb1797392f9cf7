import { split } from '@crossreg/datasets';
import { smallConvNet } from '@crossreg/experiment-shared/smallConvNet.mjs';
import { stepBar } from '@crossreg/experiment-shared/stepBar.mjs';
import { tensors } from '@crossreg/experiment-shared/tensors.mjs';
import { measure, train } from '@crossreg/experiment-shared/train.mjs';
import { crossRegularization, injectNoise, noiseLayers } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';

const batchSize = 64;

/** The images of a seed, as tensors: training (2,000), regularization (500), both together, and test. */
export function prepare({ train: images, test }, seed) {
  const [training, regularization] = split(images, { size: 500, stratified: true, seed });
  const sets = { training, regularization, both: images, test };
  return Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, tensors(set)]));
}

/**
 * Trains one network and measures it: plain, or cross-regularized if there are options for the callback (`{}` for the
 * defaults). Everything else is the same for all.
 *
 * @param options - of `injectNoise` and `crossRegularization`, or nothing for a plain network.
 * @param data - the sets of {@link prepare}; `trainOn` names the one to train on.
 * @returns figures on training and test images, seconds, losses, and for a cross-regularized network σ by layer name
 *   and the callback's history.
 */
export async function run({ name, seed, steps, data, trainOn = 'training', options }) {
  const base = smallConvNet(seed);
  const { initialSigma, bijector, ...callback } = options ?? {};
  const model = options ? injectNoise(base, { initialSigma, bijector }) : base;
  const optimizer = tf.train.adam(1e-3);
  model.compile({ optimizer, loss: 'categoricalCrossentropy' });
  const { x, y } = data.regularization;
  const cross = options && crossRegularization({ regularizationData: [x, y], seed, ...callback });
  const bar = stepBar(name.padEnd(17), steps);
  const onStep = () => bar.increment();
  const trained = await train({ model, data: data[trainOn], steps, batchSize, seed, cross, onStep });
  bar.stop();
  console.log('evaluating on the training and test images');
  const result = {
    name,
    ...trained,
    train: await measure(model, data.training),
    test: await measure(model, data.test),
    sigma: noiseLayers(model).map((layer) => [layer.name, tf.tidy(() => layer.sigma().dataSync()[0])]),
  };
  cross?.dispose();
  if (model !== base) model.dispose();
  base.dispose();
  optimizer.dispose();
  return result;
}
