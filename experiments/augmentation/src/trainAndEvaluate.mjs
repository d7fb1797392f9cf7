import { stepBar } from '@crossreg/experiment-shared/stepBar.mjs';
import { measure, train } from '@crossreg/experiment-shared/train.mjs';
import { augmentationLayers, injectAugmentation } from '@crossreg/tfjs-augment';
import { crossRegularization } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import { fixed } from './data.mjs';
import { lookAhead } from './lookAhead.mjs';
import { network } from './network.mjs';

const batchSize = 64;
const rounded = (v) => Number(v.toPrecision(4));
const metrics = ({ accuracy, nll, ece }) => ({
  accuracy: rounded(accuracy),
  nll: rounded(nll),
  ece: rounded(ece),
});

/** The history with four significant digits, by kind of range. */
const shortHistory = ({ step, loss, rho }) => ({
  step,
  loss: loss.map(rounded),
  rho: Object.fromEntries(
    Object.entries(rho).map(([name, { value }]) => [name.split('/')[1], [...value].map(rounded)]),
  ),
});

/**
 * Trains one network and measures it.
 *
 * @param data - sets of `prepare`.
 * @param run - `{ seed, steps }`, `trainOn` the name of the set to train on (default `training`), `filters` of the network, and
 *   `augmentation`, options of `injectAugmentation`, with `cross`, options of the callback, if ranges are learned.
 *   `lookAhead`: options of `lookAhead`, instead of the callback.
 *   `averageOver`: ranges by name. After training, predictions are averaged over these ranges too.
 */
export async function trainAndEvaluate(data, run) {
  const { name, seed, steps, trainOn = 'training', filters, augmentation, cross: options, averageOver } = run;
  const classes = data.training.y.shape[1];
  const base = network(seed, data.training.x.shape.slice(1), { filters, classes });
  const model = augmentation ? injectAugmentation(base, augmentation) : base;
  const optimizer = tf.train.adam(1e-3);
  model.compile({ optimizer, loss: 'categoricalCrossentropy' });
  const { x, y } = data.regularization;
  const cross = run.lookAhead
    ? lookAhead({ ...data, seed, ...run.lookAhead })
    : options && crossRegularization({ regularizationData: [x, y], seed, ...options });
  const bar = stepBar(`${name}, seed ${seed}`.padEnd(30), steps);
  await train({ model, data: data[trainOn], steps, batchSize, seed, cross, onStep: () => bar.increment() });
  bar.stop();
  const layer = augmentation && augmentationLayers(model)[0];
  const ranges = layer && Object.entries(await layer.values()).map(([kind, v]) => [kind, rounded(v)]);
  const result = {
    train: metrics(await measure(model, data.training)),
    test: metrics(await measure(model, data.test)),
    ...(ranges && { ranges: Object.fromEntries(ranges) }),
    ...(cross && { history: shortHistory(cross.history) }),
    ...(averageOver && { averaged: {} }),
  };
  for (const [label, other] of Object.entries(averageOver ?? {})) {
    // Not disposed, because that would dispose the network, which it shares.
    const averaging = injectAugmentation(base, fixed(other));
    result.averaged[label] = metrics(await measure(averaging, data.part));
  }
  cross?.dispose();
  // This disposes all of its layers, the shared network included.
  model.dispose();
  optimizer.dispose();
  return result;
}
