import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { injectNoise } from './injectNoise';
import { predict } from './predict';
import { statefulLayers } from './recurrentState';

beforeAll(() => tf.setBackend('cpu'));

const init = (seed: number) => tf.initializers.randomNormal({ mean: 0.2, stddev: 0.5, seed });
const recurrent = (kind: 'lstm' | 'gru') =>
  tf.layers[kind]({ units: 3, stateful: true, kernelInitializer: init(1), recurrentInitializer: init(2) });
/** A stateful model for batches of 4 sequences. */
const network = (layer: () => tf.layers.Layer = () => recurrent('lstm')) =>
  tf.sequential({
    layers: [
      tf.layers.inputLayer({ batchInputShape: [4, 5, 2] }),
      layer(),
      tf.layers.dense({ units: 4, activation: 'tanh', kernelInitializer: init(3) }),
      tf.layers.dense({ units: 1, kernelInitializer: init(4) }),
    ],
  });
const x = (seed: number, examples = 4) => tf.randomNormal([examples, 5, 2], 0, 1, 'float32', seed);
const states = (model: tf.LayersModel) =>
  statefulLayers(model).flatMap((layer) =>
    (layer as unknown as { states_: tf.Tensor[] }).states_.map((state) => [...state.dataSync()]),
  );
const numbers = (y: tf.Tensor | tf.Tensor[]) => [...(y as tf.Tensor).dataSync()];

test.each([
  ['lstm', () => recurrent('lstm')],
  ['gru', () => recurrent('gru')],
  [
    'bidirectional',
    () =>
      tf.layers.bidirectional({ layer: recurrent('lstm') as never, mergeMode: 'concat' }) as tf.layers.Layer,
  ],
] as const)('state of the model: predict begins from it and leaves it (%s)', (_, layer) => {
  const [model, stock] = [network(layer), network(layer)];
  stock.setWeights(model.getWeights());
  const silent = injectNoise(model, { initialSigma: 0, recurrent: false });
  // The state contains what was seen before.
  for (const each of [silent, stock]) tf.dispose(each.predict(x(1)));
  const before = states(silent);
  expect(before.flat().some((state) => state !== 0)).toBe(true);
  const { mean } = predict(silent, x(2), { samples: 3 });
  const { numTensors } = tf.memory();
  const again = predict(silent, x(2), { samples: 3 });
  expect(tf.memory().numTensors).toBe(numTensors + 3);
  expect(states(silent)).toEqual(before);
  expect(numbers(again.mean)).toEqual(numbers(mean));
  const expected = numbers(stock.predict(x(2)));
  numbers(mean).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i], 5);
  });
});

test('state of the model: a batch continues from the one before, as in stock predict', () => {
  const [model, stock] = [network(), network()];
  stock.setWeights(model.getWeights());
  const silent = injectNoise(model, { initialSigma: 0 });
  const both = tf.concat([x(1), x(2)]);
  const { mean } = predict(silent, both);
  const expected = [numbers(stock.predict(x(1))), numbers(stock.predict(x(2)))].flat();
  numbers(mean).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i], 5);
  });
  expect(() => predict(silent, x(1, 6))).toThrow(
    'x: has 6 examples, but the model was built for batches of 4. Give a multiple of 4.',
  );
});

test('state of the model: ρ steps do not change it, and begin from zero', async () => {
  const [plain, model] = [network(), network()];
  model.setWeights(plain.getWeights());
  const noisy = injectNoise(model, { initialSigma: 1e-6 });
  const [target, held] = [tf.ones([4, 1]), tf.zeros([4, 1])];
  const compile = (each: tf.LayersModel) =>
    each.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
  for (const each of [plain, noisy]) compile(each);
  const cross = crossRegularization({
    regularizationData: [x(9), held],
    every: 1,
    samples: 3,
    batchSize: 4,
  });
  for (let step = 0; step < 3; step++) {
    await plain.trainOnBatch(x(step + 1), target);
    await cross.trainOnBatch(noisy, x(step + 1), target);
  }
  await cross.onTrainEnd();
  states(noisy).forEach((state, i) => {
    state.forEach((value, j) => {
      expect(value).toBeCloseTo(states(plain)[i][j], 4);
    });
  });
  plain.resetStates();
  const y = plain.predict(x(9)) as tf.Tensor;
  const loss = tf.mean(tf.square(y)).dataSync()[0];
  for (const each of cross.history.loss) expect(each).toBeCloseTo(loss, 4);
});

test.each([1, 3])('a model that was built for batches of %i learns σ', async (size) => {
  const noisy = injectNoise(
    tf.sequential({
      layers: [
        tf.layers.dense({
          units: 4,
          activation: 'tanh',
          batchInputShape: [size, 2],
          kernelInitializer: init(1),
        }),
        tf.layers.dense({ units: 1, kernelInitializer: init(2) }),
      ],
    }),
    { initialSigma: 1e-6 },
  );
  noisy.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
  const held = tf.randomNormal([2 * size, 2], 0, 1, 'float32', 5);
  const cross = crossRegularization({
    ...{ regularizationData: [held, tf.zeros([2 * size, 1])], every: 1, batchSize: 2 * size },
    optimizer: () => ({ step: () => {}, iterations: 0, slots: [], dispose() {} }),
  });
  await cross.trainOnBatch(noisy, tf.ones([size, 2]), tf.ones([size, 1]));
  const { mean } = predict(noisy, held);
  expect(cross.history.loss[0]).toBeCloseTo(tf.mean(tf.square(mean)).dataSync()[0], 4);
  expect(cross.history.skipped).toBe(0);
});

test('state of the model: a batch of another size is refused before the first step', async () => {
  const noisy = injectNoise(network());
  noisy.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  const cross = crossRegularization({ regularizationData: [x(9, 6), tf.zeros([6, 1])] });
  await expect(cross.trainOnBatch(noisy, x(1), tf.ones([4, 1]))).rejects.toThrow(
    'a batch of regularizationData: has 6 examples, but the model was built for batches of 4',
  );
});
