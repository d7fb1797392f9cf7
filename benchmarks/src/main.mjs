// What cross-regularization costs, as ratios of medians, measured in one process and in turn:
// (a) steps of the cross-regularized model over plain steps of the un-noised one, split into noise and ρ steps;
// (b) our Gaussian noise over tf.randomNormal;
// (c) learned augmentation, as a share of its training step and against the network's convolutions.
import { defaultSchedule } from '@crossreg/core';
import { network } from '@crossreg/example-quickstart/network.mjs';
import { deriveKey, gaussian } from '@crossreg/tfjs';
import { augmentationLayers, injectAugmentation } from '@crossreg/tfjs-augment';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { compiled, images, median, overhead, showShares, timed } from './overhead.mjs';

const { threads } = await useWasm();

const { shares } = await overhead(network);
console.log(
  `cost over plain training steps: quickstart network, batch 64, wasm, ${threads} threads, defaults (every ${defaultSchedule.every})`,
);
showShares(shares);
const [x, y] = (await images()).batch;

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
