// What cross-regularization costs, as ratios measured in one process, in turn, medians of several rounds:
// (a) steps of the cross-regularized model over plain steps of the un-noised one, split into noise and ρ steps;
// (b) our Gaussian noise over tf.randomNormal.
import { fashionMnist } from '@crossreg/datasets';
import { deriveKey, gaussian } from '@crossreg/tfjs';
import { crossRegularization, injectNoise } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import '@crossreg/tfjs-wasm';

await tf.setBackend('wasm');
await tf.ready();

const median = (xs) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];
async function timed(f) {
  const started = performance.now();
  await f();
  return performance.now() - started;
}

function network() {
  const convolution = (filters, options) => [
    tf.layers.conv2d({ filters, kernelSize: 3, padding: 'same', ...options }),
    tf.layers.batchNormalization(),
    tf.layers.reLU(),
  ];
  return tf.sequential({
    layers: [
      ...convolution(16, { inputShape: [28, 28, 1] }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      ...convolution(32),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 128 }),
      tf.layers.batchNormalization(),
      tf.layers.reLU(),
      tf.layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });
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
const [plain, noisy] = [compiled(network()), compiled(injectNoise(network()))];

// One round is 30 training steps of each, hence one ρ step at the default `every`.
const rounds = [];
for (let round = 0; round < 6; round++) {
  const [sums, every] = [{ plain: 0, noisy: 0, crossed: 0 }, 30];
  cross.setModel(noisy);
  await cross.onTrainBegin();
  for (let step = 0; step < every; step++) {
    sums.plain += await timed(() => plain.trainOnBatch(x, y));
    sums.noisy += await timed(() => noisy.trainOnBatch(x, y));
    sums.crossed += await timed(() => cross.onBatchEnd(step));
  }
  await cross.onEpochEnd(round);
  if (round > 0) rounds.push(sums); // the first one warms up
  process.stderr.write(`\rround ${round + 1}/6`);
}
const ratio = (f) => median(rounds.map(f)).toFixed(3);
console.log('\ncost over plain training steps, Fashion-MNIST network, batch 64, wasm, defaults');
console.table({
  'noise injection': ratio(({ plain: p, noisy: n }) => (n - p) / p),
  'ρ steps': ratio(({ plain: p, crossed: c }) => c / p),
  'cross-regularized / plain': ratio(({ plain: p, noisy: n, crossed: c }) => (n + c) / p),
});

const shape = [64, 28, 28, 16];
const pairs = [];
for (let i = 0; i < 9; i++) {
  const ours = await timed(() => gaussian(shape, deriveKey(i)).dispose());
  const stock = await timed(() => tf.randomNormal(shape, 0, 1, 'float32', i + 1).dispose());
  if (i > 1) pairs.push(ours / stock);
}
console.log(`Gaussian noise: ${median(pairs).toFixed(2)} of the time of tf.randomNormal`);
