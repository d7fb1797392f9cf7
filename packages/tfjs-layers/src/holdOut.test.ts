import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { holdOut } from './holdOut';
import type { RegularizationSplit } from './regularizationData';

beforeAll(() => tf.setBackend('cpu'));

/** A compiled model with an output for each list of classes; `loss` tells what they are. */
function network(outputs: number[], loss: string) {
  const input = tf.input({ shape: [1] });
  const heads = outputs.map((units) => tf.layers.dense({ units }).apply(input) as tf.SymbolicTensor);
  const model = tf.model({ inputs: input, outputs: heads });
  model.compile({ optimizer: 'sgd', loss });
  return model;
}
/** Which examples are held out and which are left, by index: the input of each is its index. */
async function split(y: tf.Tensor[], loss: string, data: RegularizationSplit, seed = 1) {
  const count = y[0].shape[0];
  const x = [tf.tensor2d(Array.from({ length: count }, (_, i) => [i]))];
  const model = network(
    y.map((target) => target.shape[1] ?? 1),
    loss,
  );
  const { tensors, rest } = await holdOut({ x, y }, { data, seed, before: undefined, model });
  const held = [...(tensors[0] as tf.Tensor[])[0].dataSync()];
  expect([...held, ...rest].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
  return { held, rest };
}
const repeat = (...counts: number[]) => counts.flatMap((n, label) => new Array<number>(n).fill(label));
const oneHot = (labels: number[], classes: number) =>
  tf.oneHot(tf.tensor1d(labels, 'int32'), classes).toFloat();
const countsOf = (indices: number[], labels: ArrayLike<number>, classes: number) =>
  Array.from({ length: classes }, (_, c) => indices.filter((i) => labels[i] === c).length);

describe('a split that leaves something out: stratified', () => {
  const labels = repeat(60, 30, 8, 2);
  test.each([
    ['one-hot', () => oneHot(labels, 4), 'categoricalCrossentropy'],
    ['sparse', () => tf.tensor1d(labels), 'sparseCategoricalCrossentropy'],
    ['a column of classes', () => tf.tensor2d(labels, [100, 1]), 'sparseCategoricalCrossentropy'],
  ] as const)('%s: a fifth of every class, at least one', async (_, y, loss) => {
    for (const seed of [1, 2, 3]) {
      const { held } = await split([y()], loss, { split: 0.2, stratified: true }, seed);
      // 12, 6, 1.6 and 0.4, with the rounding errors carried over: 12, 6, 2 and at least 1.
      expect(countsOf(held, labels, 4)).toEqual([12, 6, 2, 1]);
      // The default.
      expect((await split([y()], loss, { split: 0.2 }, seed)).held).toEqual(held);
    }
    const [a, b] = await Promise.all(
      [1, 2].map((seed) => split([y()], loss, { split: 0.2, stratified: true }, seed)),
    );
    expect(a.held).not.toEqual(b.held);
  });

  test('half of 300,000 examples of a class, which are more than a call takes arguments', async () => {
    const many = tf.tidy(() => tf.concat([tf.zeros([300_000, 1]), tf.ones([10, 1])]) as tf.Tensor2D);
    const x = tf.range(0, 300_010).reshape([300_010, 1]);
    const { rest } = await holdOut(
      { x: [x], y: [many] },
      {
        data: { split: 0.5, stratified: true },
        seed: 1,
        before: undefined,
        model: network([1], 'sparseCategoricalCrossentropy'),
      },
    );
    const rare = [...rest].filter((i) => i >= 300_000).length;
    expect([rest.length, rare]).toEqual([150_005, 5]);
  });

  test('with two outputs, the combinations of their classes', async () => {
    const other = labels.map((_, i) => i % 2);
    const { held } = await split([oneHot(labels, 4), oneHot(other, 2)], 'categoricalCrossentropy', {
      split: 0.5,
      stratified: true,
    });
    expect(countsOf(held, labels, 4)).toEqual([30, 15, 4, 1]);
    expect(
      countsOf(
        held.filter((i) => labels[i] === 0),
        other,
        2,
      ),
    ).toEqual([15, 15]);
  });

  test('targets other than classes are refused', async () => {
    await expect(
      split([tf.randomNormal([20, 1])], 'meanSquaredError', { split: 0.2, stratified: true }),
    ).rejects.toThrow('regularizationData.stratified: is true, but the targets are not classes');
  });
});

describe('a split that leaves something out: classes', () => {
  const labels = repeat(98, 2);
  test.each([
    ['one-hot', () => oneHot(labels, 2), 'categoricalCrossentropy'],
    ['sparse', () => tf.tensor1d(labels), 'sparseCategoricalCrossentropy'],
    ['binary', () => tf.tensor2d(labels, [100, 1]), 'binaryCrossentropy'],
  ] as const)('%s: refused where the regularization set has none of a class', async (_, y, loss) => {
    await expect(split([y()], loss, { split: 0.02, stratified: false }, 1)).rejects.toThrow(
      'regularizationData.split: leaves no example of class 1 in the regularization set. Leave stratified: false out, or use a larger share.',
    );
  });

  test('a split that leaves no example of a class to train on is refused', async () => {
    const single = repeat(19, 1);
    await expect(
      split([oneHot(single, 2)], 'categoricalCrossentropy', { split: 0.2, stratified: true }),
    ).rejects.toThrow(
      'leaves no example of class 1 in the training data. Give at least two examples of each class.',
    );
  });

  test('counts with a squared error are not classes', async () => {
    const { held } = await split([tf.tensor1d(labels)], 'meanSquaredError', { split: 0.02 });
    expect(held).toHaveLength(2);
  });
});

describe('a split that leaves something out: groups', () => {
  const groups = Array.from({ length: 120 }, (_, i) => `patient ${i % 24}`);
  test('are on one side as a whole, and the share is right to within half a group', async () => {
    const { held, rest } = await split([tf.randomNormal([120, 1])], 'meanSquaredError', {
      split: 0.2,
      groups,
    });
    const [a, b] = [held, rest].map((side) => new Set(side.map((i) => groups[i])));
    expect([...a].filter((name) => b.has(name))).toEqual([]);
    expect(Math.abs(held.length - 24)).toBeLessThanOrEqual(2.5);
  });

  test('of each class about the share is held out', async () => {
    // Patients of one class each, 16 and 8 of them.
    const labels = groups.map((_, i) => (i % 24 < 16 ? 0 : 1));
    const { held } = await split([oneHot(labels, 2)], 'categoricalCrossentropy', {
      split: 0.25,
      stratified: true,
      groups,
    });
    expect(countsOf(held, labels, 2)).toEqual([20, 10]);
  });

  test('data that do not match are refused', async () => {
    const y = [tf.randomNormal([120, 1])];
    await expect(split(y, 'meanSquaredError', { split: 0.2, groups: [1, 2] })).rejects.toThrow(
      'regularizationData.groups: has 2 entries, but there are 120 examples',
    );
    const two = Array.from({ length: 120 }, (_, i) => i % 2);
    await expect(split(y, 'meanSquaredError', { split: 0.1, groups: two })).rejects.toThrow(
      'groups: are too large for a split of 0.1: the smallest has 60 of 120 examples',
    );
    const make = (data: object) => () =>
      crossRegularization({ regularizationData: data as never, noise: true });
    expect(make({ split: 0.1, stratified: 'yes' })).toThrow(
      'regularizationData.stratified: must be true or false',
    );
    expect(make({ split: 0.1, groups: 3 })).toThrow('regularizationData.groups: must be an array');
  });
});

test('a split that leaves something out: fit holds out the stratified part once', async () => {
  const labels = repeat(18, 6);
  const x = tf.randomNormal([24, 1], 0, 1, 'float32', 1);
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [1], units: 3, activation: 'relu' }),
      tf.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
  const cross = crossRegularization({
    regularizationData: { split: 0.5, stratified: true },
    noise: true,
    every: 1,
  });
  for (let i = 0; i < 2; i++)
    await cross.fit(model, x, oneHot(labels, 2), { epochs: 1, batchSize: 4, verbose: 0 });
  expect(cross.history.step).toEqual([1, 2, 3, 4, 5, 6]);
  cross.dispose();
});

describe('after a split, only cross.fit on the same data goes on: all else would train on what is held out', () => {
  const labels = tf.tensor1d(repeat(12, 12), 'int32');
  const x = tf.randomNormal([24, 2], 0, 1, 'float32', 1);
  const y = tf.cast(tf.oneHot(labels, 2), 'float32');
  const args = { epochs: 1, batchSize: 6, verbose: 0 as const };
  const shuffled = (tensor: tf.Tensor) => tf.reverse(tensor, 0);
  const run = async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ inputShape: [2], units: 3, activation: 'relu' }),
        tf.layers.dense({ units: 2, activation: 'softmax' }),
      ],
    });
    model.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy' });
    const cross = crossRegularization({ regularizationData: { split: 0.25 }, noise: true });
    await cross.fit(model, x, y, args);
    return { model, cross, weights: model.getWeights().map((w) => [...w.dataSync()]) };
  };

  test('the same numbers in other tensors are the same data; another order is refused, and so are other numbers', async () => {
    const { model, cross } = await run();
    await cross.fit(model, tf.clone(x), tf.tensor(y.arraySync() as number[][]), args);
    const weights = model.getWeights().map((w) => [...w.dataSync()]);
    const other =
      'has other examples, or another order of them, than when the regularization set was split off.';
    await expect(cross.fit(model, shuffled(x), shuffled(y), args)).rejects.toThrow(`x: ${other}`);
    await expect(cross.fit(model, tf.div(x, 255), y, args)).rejects.toThrow(`x: ${other}`);
    await expect(cross.fit(model, x, shuffled(y), args)).rejects.toThrow(`y: ${other}`);
    expect(model.getWeights().map((w) => [...w.dataSync()])).toEqual(weights);
  });

  test('model.fit and trainOnBatch are refused', async () => {
    const { model, cross, weights } = await run();
    const advice = 'Call cross.fit(model, x, y, args) instead of model.fit';
    await expect(model.fit(x, y, { ...args, callbacks: cross })).rejects.toThrow(advice);
    await expect(cross.trainOnBatch(model, x, y)).rejects.toThrow(advice);
    expect(model.getWeights().map((w) => [...w.dataSync()])).toEqual(weights);
    // An error in the middle of cross.fit ends its permission.
    const stop = () => {
      throw new Error('mine');
    };
    await expect(cross.fit(model, x, y, { ...args, callbacks: { onBatchEnd: stop } })).rejects.toThrow(
      'mine',
    );
    await expect(model.fit(x, y, { ...args, callbacks: cross })).rejects.toThrow(advice);
  });
});
