import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { floats, relativeError, wasm } from '../test/agreement';

beforeAll(() => tf.setBackend('wasm'));

/** The numbers of f's gradient on a backend, at seeded inputs of the given shapes. */
async function gradientOn(
  backend: string,
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  shapes: readonly number[][],
  shift = 0,
): Promise<number[][]> {
  await tf.setBackend(backend);
  return tf.tidy(() => {
    const inputs = shapes.map((shape, i) =>
      tf.tensor(
        floats(shape, i + 1).values.map((value) => value + shift),
        shape,
      ),
    );
    const y = f(...inputs);
    const dy = tf.tensor(floats(y.shape, 9).values, y.shape);
    return tf
      .grads(f)(inputs, dy)
      .map((g) => Array.from(g.dataSync()));
  });
}

async function sameGradient(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  shapes: readonly number[][],
  shift = 0,
): Promise<void> {
  const expected = await gradientOn('cpu', f, shapes, shift);
  const before = [wasm().numDataIds(), tf.memory().numTensors];
  const actual = await gradientOn('wasm', f, shapes, shift);
  expect([wasm().numDataIds(), tf.memory().numTensors]).toEqual(before);
  actual.forEach((values, i) => {
    expect(relativeError(values, expected[i])).toBeLessThan(1e-4);
  });
}

const small = (max: number) => fc.integer({ min: 1, max });

describe('our gradients agree with those of cpu', () => {
  test.each([
    ['sum', tf.sum],
    ['mean', tf.mean],
  ] as const)('%s over any axes', async (_name, reduce) => {
    const cases = fc
      .record({
        shape: fc.array(small(9), { minLength: 1, maxLength: 4 }),
        axes: fc.uniqueArray(fc.nat(3), { minLength: 1 }),
        keepDims: fc.boolean(),
      })
      .filter(({ shape, axes }) => axes.every((axis) => axis < shape.length));
    await fc.assert(
      fc.asyncProperty(cases, ({ shape, axes, keepDims }) =>
        sameGradient((x) => reduce(x, axes, keepDims), [shape]),
      ),
      { numRuns: 500, seed: 1 },
    );
  });

  test.each([
    ['square', tf.square],
    ['relu', tf.relu],
  ] as const)('%s at any size', async (_name, f) => {
    const shape = fc.array(small(40), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(shape, (s) => sameGradient((x) => f(x), [s])),
      { numRuns: 500, seed: 2 },
    );
  });

  test('tile, any number of copies on any axes', async () => {
    const cases = fc
      .array(fc.record({ size: small(4), copies: small(3) }), { minLength: 1, maxLength: 4 })
      .map((axes) => ({ shape: axes.map(({ size }) => size), reps: axes.map(({ copies }) => copies) }));
    await fc.assert(
      fc.asyncProperty(cases, ({ shape, reps }) => sameGradient((x) => tf.tile(x, reps), [shape])),
      { numRuns: 300, seed: 3 },
    );
  });

  test('the gradient of relu at 0, at infinity and at NaN', async () => {
    const x = [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1, -1];
    const on = async (backend: string) => {
      await tf.setBackend(backend);
      return tf.tidy(() =>
        Array.from(
          tf
            .grad((v: tf.Tensor) => tf.relu(v))(tf.tensor1d(x))
            .dataSync(),
        ),
      );
    };
    expect(await on('wasm')).toEqual(await on('cpu'));
  });

  test('batch normalization in training, through its moments', async () => {
    for (const channels of [1, 3, 4, 8, 18]) {
      await sameGradient(
        (x, scale, offset) => {
          const { mean, variance } = tf.moments(x, [0, 1, 2]);
          return tf.batchNorm(
            x as tf.Tensor4D,
            mean as tf.Tensor1D,
            variance as tf.Tensor1D,
            offset as tf.Tensor1D,
            scale as tf.Tensor1D,
          );
        },
        [[3, 5, 7, channels], [channels], [channels]],
      );
    }
  });
});

test('gradients of gradients go through batch normalization, sums, squares and relu', async () => {
  const penalty = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) => {
    const f = (v: tf.Tensor) => {
      const { mean, variance } = tf.moments(v, [0]);
      const y = tf.batchNorm(
        v as tf.Tensor2D,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
      );
      return tf.mean(tf.mul(tf.square(tf.relu(y)), v));
    };
    return tf.sum(tf.square(tf.grad(f)(x)));
  };
  await sameGradient(penalty, [[6, 5], [5], [5]]);
});
