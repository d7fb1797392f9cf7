// What cross-regularization costs, as ratios of medians, measured in one process and in turn:
// (a) steps of the cross-regularized model over plain steps of the un-noised one, split into noise and ρ steps;
// (b) our Gaussian noise over tf.randomNormal;
// (c) learned augmentation, as a share of its training step and against the network's convolutions.
import { defaultSchedule } from '@crossreg/core';
import { fashionMnist } from '@crossreg/datasets';
import { network } from '@crossreg/example-quickstart/network.mjs';
import { deriveKey, gaussian } from '@crossreg/tfjs';
import { augmentationLayers, injectAugmentation } from '@crossreg/tfjs-augment';
import { crossRegularization, injectNoise } from '@crossreg/tfjs-layers';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';

const { threads } = await useWasm();

const median = (xs) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];
async function timed(f) {
  const started = performance.now();
  await f();
  return performance.now() - started;
}

const compiled = (model) => {
  model.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy' });
  return model;
};

const { train } = await fashionMnist({ train: 600, test: 10, seed: 1 });
const all = tf.tensor(train.images, train.shape);
const labels = tf.oneHot(tf.tensor1d(train.labels, 'int32'), 10).cast('float32');
const [x, y] = [all.slice(0, 64), labels.slice(0, 64)];
const cross = crossRegularization({ regularizationData: [all.slice(64), labels.slice(64)] });
const [plain, noisy] = [compiled(network(1)), compiled(injectNoise(network(1)))];

// Each step of one kind next to one of the other; a ρ step at the default interval.
const { every } = defaultSchedule;
const times = { plain: [], noisy: [], rho: [] };
cross.setModel(noisy);
await cross.onTrainBegin();
const rounds = 12;
for (let step = 0; step < rounds * every; step++) {
  const plainTime = await timed(() => plain.trainOnBatch(x, y));
  const noisyTime = await timed(() => noisy.trainOnBatch(x, y));
  const rhoTime = await timed(() => cross.onBatchEnd(step));
  if (step < every) continue; // the first round warms up
  times.plain.push(plainTime);
  times.noisy.push(noisyTime);
  if ((step + 1) % every === 0) {
    times.rho.push(rhoTime);
    await cross.onEpochEnd(0);
    process.stderr.write(`\rround ${(step + 1) / every}/${rounds}`);
  }
}
const [plainStep, noisyStep, rhoStep] = [times.plain, times.noisy, times.rho].map(median);
const shares = {
  'noise injection': noisyStep / plainStep - 1,
  'ρ steps': rhoStep / every / plainStep,
  'cross-regularized / plain': (noisyStep + rhoStep / every) / plainStep,
};
console.log(
  `\ncost over plain training steps: quickstart network, batch 64, wasm, ${threads} threads, defaults (every ${every})`,
);
console.table(
  Object.fromEntries(Object.entries(shares).map(([what, ratio]) => [what, { ratio: ratio.toFixed(3) }])),
);

const shape = [64, 28, 28, 16];
const pairs = [];
for (let i = 0; i < 9; i++) {
  const ours = await timed(() => gaussian(shape, deriveKey(i)).dispose());
  const stock = await timed(() => tf.randomNormal(shape, 0, 1, 'float32', i + 1).dispose());
  if (i > 1) pairs.push(ours / stock);
}
console.log(`Gaussian noise: ${median(pairs).toFixed(2)} of the time of tf.randomNormal`);

const augmented = compiled(
  injectAugmentation(network(1), { translate: 2, rotate: 10, shear: 5, scale: 0.1, fillMode: 'edge' }),
);
const [layer] = augmentationLayers(augmented);
const convolutions = network(1).layers.filter((one) => one.getClassName() === 'Conv2D');
const features = convolutions.map((one) => tf.randomNormal([64, ...one.input.shape.slice(1)]));
const colour = tf.randomUniform([64, 32, 32, 3]);
const costs = { step: [], layer: [], colour: [], convolutions: [] };
for (let i = 0; i < 25; i++) {
  const step = await timed(() => augmented.trainOnBatch(x, y));
  const own = await timed(() => layer.augment(x).dispose());
  const warp = await timed(() => layer.augment(colour).dispose());
  const forward = await timed(() => tf.dispose(convolutions.map((one, k) => one.apply(features[k]))));
  if (i < 5) continue; // warms up
  for (const [name, time] of Object.entries({ step, layer: own, colour: warp, convolutions: forward })) {
    costs[name].push(time);
  }
}
const share = (a, b) => (median(costs[a]) / median(costs[b])).toFixed(3);
console.log(`Augmentation: ${share('layer', 'step')} of its training step; a batch 64×32×32×3 takes`);
console.log(`${share('colour', 'convolutions')} of the time of the network's convolutions, forward`);
