import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { compiledModel, freeState, modelSettings, modelState, ownName, restoreModel } from './modelState';

beforeAll(() => tf.setBackend('cpu'));

function model(optimizer: tf.Optimizer = tf.train.adam(0.01), units = 3) {
  const made = tf.sequential({
    layers: [
      tf.layers.dense({ units, inputShape: [2], activation: 'tanh' }),
      tf.layers.batchNormalization(),
      tf.layers.dense({ units: 1 }),
    ],
  });
  made.compile({ optimizer, loss: 'meanSquaredError' });
  return made;
}
const x = tf.tensor2d([
  [1, 2],
  [-1, 0.5],
  [0, 3],
]);
const y = tf.tensor2d([[1], [0], [-1]]);
const train = async (one: tf.LayersModel, steps: number) => {
  for (let i = 0; i < steps; i++) await one.trainOnBatch(x, y);
};
const weights = (one: tf.LayersModel) => one.getWeights().map((w) => [...w.dataSync()]);

test.each<[string, () => tf.Optimizer]>([
  ['Adam', () => tf.train.adam(0.01)],
  ['RMSProp', () => tf.train.rmsprop(0.01)],
  ['Adagrad', () => tf.train.adagrad(0.01)],
  ['momentum', () => tf.train.momentum(0.01, 0.9)],
  ['SGD', () => tf.train.sgd(0.01)],
])('%s: another model goes on from a state as the one that was saved', async (_, optimizer) => {
  const [one, other] = [model(optimizer()), model(optimizer())];
  await train(one, 4);
  const state = await modelState(one);
  // Copies, because the variables change.
  const copy = {
    weights: state.weights.map((w) => tf.clone(w)),
    optimizer: {
      ...state.optimizer,
      weights: state.optimizer.weights.map(({ name, tensor }) => ({ name, tensor: tf.clone(tensor) })),
      variables: Object.fromEntries(
        Object.entries(state.optimizer.variables).map(([field, v]) => [field, tf.clone(v)]),
      ),
    },
  };
  freeState(state);
  await train(other, 2);
  await restoreModel(other, copy);
  expect(weights(other)).toEqual(weights(one));
  await train(one, 3);
  await train(other, 3);
  expect(weights(other)).toEqual(weights(one));
});

test('the learning rate is part of the state, and not of the settings', async () => {
  const [one, other] = [model(tf.train.adam(0.01)), model(tf.train.adam(0.5))];
  expect(modelSettings(other)).toEqual(modelSettings(one));
  await train(one, 1);
  await restoreModel(other, await modelState(one));
  expect((other.optimizer as unknown as { learningRate: number }).learningRate).toBe(0.01);
});

test('settings are those of layers, weights, optimizer and loss; names of layers do not matter', () => {
  const settings = JSON.stringify(modelSettings(model()));
  // A second model of the same process has other names.
  expect(JSON.stringify(modelSettings(model()))).toBe(settings);
  expect(JSON.stringify(modelSettings(model(tf.train.adam(0.01), 4)))).not.toBe(settings);
  expect(JSON.stringify(modelSettings(model(tf.train.sgd(0.01))))).not.toBe(settings);
  const other = model();
  other.compile({ optimizer: tf.train.adam(0.01), loss: 'meanAbsoluteError' });
  expect(JSON.stringify(modelSettings(other))).not.toBe(settings);
});

test('nothing leaks over many restores', async () => {
  const [one, other] = [model(), model()];
  await train(one, 1);
  const once = async () => {
    const state = await modelState(one);
    await restoreModel(other, state);
    freeState(state);
  };
  await once();
  const before = tf.memory().numTensors;
  await once();
  await once();
  expect(tf.memory().numTensors).toBe(before);
});

test('a model that is not compiled, or whose optimizer gives no state, is refused', async () => {
  const plain = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
  expect(() => modelSettings(plain)).toThrow(
    'is not compiled. Call compile before you save or restore a checkpoint.',
  );
  const adamax = model(tf.train.adamax(0.01));
  await train(adamax, 1);
  await expect(modelState(adamax)).rejects.toThrow(
    'is compiled with the optimizer Adamax, whose state cannot be saved',
  );
});

test('ownName leaves out the layer; a sequential model stands for the one that compile created', () => {
  const one = model();
  expect(one.weights.map(ownName)).toEqual([
    ...['kernel', 'bias', 'gamma', 'beta'],
    ...one.weights.slice(4).map(ownName),
  ]);
  expect(one.weights.map(ownName).every((name) => !name.includes('/'))).toBe(true);
  expect(compiledModel(one)).not.toBe(one);
  const functional = compiledModel(one);
  expect(compiledModel(functional)).toBe(functional);
});
