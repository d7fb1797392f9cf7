// What cross-regularization costs, as ratios of medians, measured in one process and in turn:
// (a) steps of the cross-regularized model relative to steps of the plain one, split into noise and ρ steps;
// (b) our Gaussian noise relative to tf.randomNormal;
// (c) learned augmentation, as a share of its training step and relative to the network's convolutions, by lower deciles.
import { smallConvNet } from '@crossreg/experiment-shared/smallConvNet.mjs';
import { deriveKey, gaussian } from '@crossreg/tfjs';
import { augmentationLayers, injectAugmentation, warp } from '@crossreg/tfjs-augment';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { compiled, images, meanInterval, median, overhead, RUN, showShares, timed } from './overhead.mjs';

const { threads } = await useWasm();

const { shares } = await overhead(smallConvNet);
console.log(
  `cost relative to plain training steps: quickstart network, batch 64, wasm, ${threads} threads, defaults (a ρ step every ${meanInterval.toFixed(1)} of ${RUN} steps)`,
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
console.log(`Gaussian noise takes ${median(pairs).toFixed(2)} times as long as tf.randomNormal`);

const augmented = compiled(
  injectAugmentation(smallConvNet(1), { translate: 2, rotate: 10, shear: 5, scale: 0.1, fillMode: 'edge' }),
);
const [layer] = augmentationLayers(augmented);
const convolutions = smallConvNet(1).layers.filter((one) => one.getClassName() === 'Conv2D');
const features = convolutions.map((one) => tf.randomNormal([64, ...one.input.shape.slice(1)]));
const colour = tf.randomUniform([64, 32, 32, 3]);
// Each image is rotated by up to 10° and shifted by up to 2 pixels.
const matrices = tf.tensor3d(
  Array.from({ length: 64 }, (_, i) => {
    const angle = (Math.PI / 18) * Math.sin(i);
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return [
      [cos, -sin, 2 * Math.sin(2 * i)],
      [sin, cos, 2 * Math.sin(3 * i)],
    ];
  }),
);
const plain = compiled(smallConvNet(1));
const work = {
  step: () => augmented.trainOnBatch(x, y),
  layer: () => layer.augment(x).dispose(),
  warp: () => warp(colour, matrices, { mode: 'edge' }).dispose(),
  convolutions: () => tf.dispose(convolutions.map((one, k) => one.apply(features[k]))),
  forward: () => plain.predict(x).dispose(),
};
const costs = Object.fromEntries(Object.keys(work).map((name) => [name, []]));
for (let i = 0; i < 45; i++) {
  for (const [name, f] of Object.entries(work)) {
    const time = await timed(f);
    if (i >= 5) costs[name].push(time);
  }
}
// The lower decile, because on a busy machine the longer of two tasks is interrupted more often, so a ratio of medians favors
// the shorter one.
const decile = (xs) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 10)];
const share = (a, b) => (decile(costs[a]) / decile(costs[b])).toFixed(3);
console.log(
  `Augmentation: ${share('layer', 'step')} of its training step. The warp of a batch 64×32×32×3 takes`,
);
console.log(
  `${share('warp', 'convolutions')} of the time of the network's convolutions, ` +
    `${share('warp', 'forward')} of its whole forward pass`,
);
