import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { dealExamples, dealGroups } from './folds';

beforeAll(() => tf.setBackend('cpu'));

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const sizes = (lists: readonly unknown[][]) => lists.map(({ length }) => length);

describe('examples', () => {
  test('by hand: examples are dealt class by class, each class continuing where the last ended', () => {
    // Order 5 4 3 2 1 0; odd numbers first, as 5 comes first: 5 3 1 4 2 0.
    const folds = dealExamples([5, 4, 3, 2, 1, 0], (i) => `${i % 2}`, 4);
    expect(folds).toEqual([[5, 2], [3, 0], [1], [4]]);
  });

  test('folds, and classes within them, differ by at most one example', () => {
    const classOf = (i: number) => (i < 50 ? 'a' : i < 73 ? 'b' : 'c');
    for (const k of [2, 3, 5, 7]) {
      const folds = dealExamples(range(101), classOf, k);
      expect(folds.flat().sort((a, b) => a - b)).toEqual(range(101));
      const counts = [
        sizes(folds),
        ...['a', 'b', 'c'].map((c) => sizes(folds.map((fold) => fold.filter((i) => classOf(i) === c)))),
      ];
      for (const each of counts) expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(1);
    }
  });
});

describe('groups', () => {
  test('by hand: the largest group first, each to the emptiest fold', () => {
    const groups = [...'aaaabbbccd'];
    // a (4) to fold 0, b (3) to fold 1, c (2) to fold 1, the emptier, d (1) to fold 0.
    expect(dealGroups(range(10), groups, () => '', 2)).toEqual([
      [0, 1, 2, 3, 9],
      [4, 5, 6, 7, 8],
    ]);
  });

  test('groups of one class each are dealt so that every fold has its share of each class', () => {
    // Twelve patients of class 0 and six of class 1, five examples each.
    const groups = range(90).map((i) => Math.floor(i / 5));
    const classOf = (i: number) => (groups[i] < 12 ? '0' : '1');
    for (const fold of dealGroups(range(90), groups, classOf, 3)) {
      expect(fold.filter((i) => classOf(i) === '0')).toHaveLength(20);
      expect(fold.filter((i) => classOf(i) === '1')).toHaveLength(10);
    }
  });

  test('no fold stays empty, even if one group is large', () => {
    const groups = range(40).map((i) => Math.max(0, i - 35));
    const folds = dealGroups(range(40), groups, (i) => `${groups[i] > 2}`, 5);
    expect(sizes(folds)).toEqual([36, 1, 1, 1, 1]);
    expect(() => dealGroups(range(40), groups, () => '', 6)).toThrow(
      'regularizationData.folds: are 6, but there are 5 groups',
    );
  });
});

test('single folds, as programs on several machines train them, together are the data', async () => {
  const x = tf.range(0, 20).expandDims(1);
  const y = tf
    .oneHot(
      tf.tensor1d(
        range(20).map((i) => i % 2),
        'int32',
      ),
      2,
    )
    .toFloat();
  const held: number[][] = [];
  for (const fold of [0, 1, 2, 3]) {
    const seen = new Set<number>();
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ inputShape: [1], units: 3, activation: 'relu' }),
        tf.layers.dense({ units: 2, activation: 'softmax' }),
      ],
    });
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
    const call = model.layers[0].call.bind(model.layers[0]);
    model.layers[0].call = (inputs, kwargs) => {
      if (kwargs.training) for (const [i] of ([inputs].flat()[0] as tf.Tensor2D).arraySync()) seen.add(i);
      return call(inputs, kwargs);
    };
    // The callbacks' seeds differ, but the folds are the same.
    const regularizationData = { folds: 4, fold, stratified: true, seed: 9 };
    const cross = crossRegularization({
      regularizationData,
      regularizers: [],
      noise: true,
      seed: fold,
      every: 1,
    });
    // Noise is hooked after the layer's own call.
    await cross.fit(model, x, y, { epochs: 1, batchSize: 4, verbose: 0, shuffle: fold % 2 === 0 });
    held.push(range(20).filter((i) => !seen.has(i)));
    expect(cross.history.step.length).toBeGreaterThan(0);
    cross.dispose();
  }
  expect(sizes(held)).toEqual([5, 5, 5, 5]);
  expect(held.flat().sort((a, b) => a - b)).toEqual(range(20));
  const make = (data: object) => () =>
    crossRegularization({ regularizationData: data as never, noise: true });
  expect(make({ folds: 4, fold: 4 })).toThrow(
    'regularizationData.fold: must be an integer from 0 to 3, but is 4',
  );
  expect(make({ folds: 4 })).toThrow(
    'regularizationData.fold: must be an integer from 0 to 3, but is undefined',
  );
  expect(make({ folds: 4, fold: 0, split: 0.2 })).toThrow('split: is not an option of regularizationData');
});
