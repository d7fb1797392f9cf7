import './registerKernels';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { floats, wasm } from '../test/agreement';
import { native } from '../test/builtNative';
import { kernelsOf } from './kernels';

beforeAll(() => tf.setBackend('wasm'));
afterAll(() => kernelsOf(wasm()).useNative(undefined));

const weights = ['sum_of_squares', 'degrees_of_freedom', 'last_mean', 'last_count'] as const;
type Numbers = Record<(typeof weights)[number], number[]>;

/** The kernel's results as numbers: the deviations, and the weights. */
function run(x: number[], shape: number[], before: Numbers, momentum = 0.75) {
  return tf.tidy(() => {
    const tensorOf = (name: (typeof weights)[number]) =>
      name === 'degrees_of_freedom' || name === 'last_count'
        ? tf.scalar(before[name][0])
        : tf.tensor1d(before[name]);
    const inputs = Object.fromEntries(weights.map((name) => [name, tensorOf(name)]));
    const results = tf
      .engine()
      .runKernel('CrossregMovingDeviation', { x: tf.tensor(x, shape), ...inputs }, { momentum });
    const [deviation, ...after] = (results as unknown as tf.Tensor[]).map((each) => [...each.dataSync()]);
    return { deviation, after: Object.fromEntries(weights.map((name, i) => [name, after[i]])) as Numbers };
  });
}

const nothing = (channels: number): Numbers => ({
  ...{ sum_of_squares: new Array(channels).fill(0), degrees_of_freedom: [0] },
  ...{ last_mean: new Array(channels).fill(0), last_count: [0] },
});

const expectClose = (actual: number[], expected: number[], tolerance: number) => {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => {
    expect(Math.abs(value - expected[i])).toBeLessThan(tolerance);
  });
};

describe.each(native ? [false, true] : [false])('native: %s', (isNative) => {
  beforeAll(() => kernelsOf(wasm()).useNative(isNative ? native : undefined));

  test.each([[[2, 3]], [[128, 4]], [[129, 5]], [[3, 50, 7]], [[4, 9, 11, 33]]])(
    'deviations and means of %j are those of float64, however far from 0',
    (shape) => {
      for (const shift of [0, 50]) {
        const x = [...floats(shape, 1).values].map((value) => value + shift);
        const channels = shape[shape.length - 1];
        const count = x.length / channels;
        const { deviation, after } = run(x, shape, nothing(channels));
        const columns = Array.from({ length: channels }, (_, c) => x.filter((_, i) => i % channels === c));
        const means = columns.map((column) => column.reduce((a, b) => a + b) / count);
        const squares = columns.map((column, c) => column.reduce((a, b) => a + (b - means[c]) ** 2, 0));
        expectClose(after.last_mean, means, 1e-6 * (1 + shift));
        expectClose(
          deviation,
          squares.map((square) => Math.sqrt(square / (count - 1))),
          2e-6 * (1 + shift),
        );
        expectClose(
          after.sum_of_squares.map((sum) => sum / count),
          squares.map((square) => square / count),
          1e-6 * (1 + shift),
        );
        expect(after.degrees_of_freedom).toEqual([count - 1]);
        expect(after.last_count).toEqual([count]);
      }
    },
  );

  test('a batch is added to the decayed weights, as computed by hand', () => {
    const before: Numbers = {
      ...{ sum_of_squares: [4, 8], degrees_of_freedom: [2], last_mean: [9, 9], last_count: [3] },
    };
    // Means 2 and 5, squares 2 and 0.
    expect(run([1, 5, 3, 5], [2, 2], before)).toEqual({
      deviation: [Math.fround(Math.SQRT2), 0],
      after: { sum_of_squares: [5, 6], degrees_of_freedom: [2.5], last_mean: [2, 5], last_count: [2] },
    });
    // One value: (1 − 9)² and (5 − 9)², times 3/4.
    const { deviation, after } = run([1, 5], [1, 2], before);
    expect(after).toEqual({
      ...{ sum_of_squares: [51, 18], degrees_of_freedom: [2.5], last_mean: [1, 5], last_count: [1] },
    });
    expectClose(deviation, [Math.sqrt(51 / 2.5), Math.sqrt(18 / 2.5)], 1e-6);
  });

  test('a single first value has deviation 1, and the next value is compared with it', () => {
    const first = run([7], [1, 1], nothing(1));
    expect(first).toEqual({
      deviation: [1],
      after: { sum_of_squares: [0], degrees_of_freedom: [0], last_mean: [7], last_count: [1] },
    });
    // (5 − 7)² / 2 on one degree of freedom.
    expect(run([5], [1, 1], first.after)).toEqual({
      deviation: [Math.fround(Math.SQRT2)],
      after: { sum_of_squares: [2], degrees_of_freedom: [1], last_mean: [5], last_count: [1] },
    });
  });
});
