// Run by main.mjs in the prepared folder: seconds of training steps of one network on one backend.
//
//   node measure.mjs <backend> <network> <batch> <steps>
//
// Prints one line of JSON: plain and cross-regularized, medians over the steps (of each ρ step for `rho`), or the reason for a
// failure.

import { crossRegularization, injectNoise } from '@crossreg/tfjs-layers';
import { useBestBackend } from '@crossreg/tfjs-node';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { networks as small } from '../../benchmarks/src/wasm/networks.mjs';
import { vgg, wideResidual } from '../../experiments/paper/src/deep/networks.mjs';
import { profiles } from '../../experiments/paper/src/deep/profiles.mjs';

const [backend, name, batchSize, count] = process.argv.slice(2);
const [batch, steps] = [Number(batchSize), Number(count)];
const cifar = { seed: 1, inputShape: [32, 32, 3] };
const networks = {
  ...small,
  'VGG-16': () => vgg({ ...cifar, ...profiles.paper.networks.vgg }),
  'WRN-16-4': () => wideResidual({ ...cifar, ...profiles.paper.networks.residual }),
};

if (backend === 'webgpu') await useBestBackend({ require: 'webgpu' });
else await useWasm({ native: backend === 'native' });

const compiled = (model) => {
  model.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy' });
  return model;
};
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
/** Seconds of a step, after one that compiles. A step ends when its loss has been read. */
async function secondsOf(step) {
  const times = [];
  for (let i = -1; i < steps; i++) {
    const started = performance.now();
    await step();
    if (i >= 0) times.push((performance.now() - started) / 1000);
  }
  return median(times);
}

const model = compiled(networks[name]());
const x = tf.randomUniform([batch, ...model.inputs[0].shape.slice(1)], -1, 1, 'float32', 1);
const labels = tf.tensor1d(
  Array.from({ length: batch }, (_, i) => i % 10),
  'int32',
);
const y = tf.oneHot(labels, 10).cast('float32');
const plain = await secondsOf(() => model.trainOnBatch(x, y));

/** The defaults of the package: a ρ step on 32 examples with 4 draws each, every 20 steps in the long run. */
const EVERY = 20;
const noisy = compiled(injectNoise(networks[name]()));
const noise = await secondsOf(() => noisy.trainOnBatch(x, y));
const cross = crossRegularization({
  regularizationData: [tf.neg(x), y],
  every: 1,
  batchSize: Math.min(32, batch),
  allowMissingClasses: true,
});
const withRho = await secondsOf(() => cross.trainOnBatch(noisy, x, y));
console.log(
  JSON.stringify({ plain, cross: noise + Math.max(0, withRho - noise) / EVERY, noise, rho: withRho - noise }),
);
process.exit(0);
