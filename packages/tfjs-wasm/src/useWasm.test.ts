import { availableParallelism } from 'node:os';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { floats, wasm } from '../test/agreement';
import { kernelsOf } from './kernels';
import { useWasm } from './useWasm';

// Each test starts the backend again, with other threads.
const restart = async (threads: number) => {
  if (tf.engine().registry.wasm) {
    const factory = tf.findBackendFactory('wasm');
    tf.removeBackend('wasm');
    tf.registerBackend('wasm', factory, 2);
  }
  return useWasm({ threads });
};
afterAll(() => tf.removeBackend('wasm'));

/** Every kernel of a training step, large enough for several threads, and its numbers. */
function step(): number[][] {
  return tf.tidy(() => {
    const tensor = (shape: number[], seed: number) => tf.tensor(floats(shape, seed).values, shape);
    const x = tensor([16, 20, 20, 19], 1) as tf.Tensor4D;
    const weights = [tensor([3, 3, 19, 21], 2), tensor([21], 3), tensor([21], 4), tensor([2100, 13], 5)];
    const loss = (...[filter, scale, offset, dense]: tf.Tensor[]) => {
      const y = tf.conv2d(x, filter as tf.Tensor4D, 1, 'same');
      const { mean, variance } = tf.moments(y, [0, 1, 2]);
      const normalized = tf.batchNorm(
        y,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
      );
      const pooled = tf.maxPool(tf.relu(normalized), 2, 2, 'valid');
      return tf.mean(tf.square(tf.matMul(tf.reshape(pooled, [16, 2100]), dense as tf.Tensor2D)));
    };
    const { value, grads } = tf.valueAndGrads(loss)(weights);
    const dx = tf.grad((v: tf.Tensor) => tf.conv2d(v as tf.Tensor4D, weights[0] as tf.Tensor4D, 1, 'same'))(
      x,
    );
    return [value, ...grads, dx].map((t) => Array.from(t.dataSync()));
  });
}

describe('threads', () => {
  let expected: number[][];
  beforeAll(async () => {
    expect(await restart(1)).toEqual({ threads: 1 });
    expect(kernelsOf(wasm()).shared).toBe(false);
    expected = step();
  });

  test.each([2, 3])('%d give the same numbers as one, to the last bit', async (threads) => {
    expect(await restart(threads)).toEqual({ threads });
    expect(kernelsOf(wasm()).shared).toBe(true);
    for (let i = 0; i < 10; i++) expect(step()).toEqual(expected);
  });

  test('they follow the heap when it grows', async () => {
    await restart(2);
    const before = step();
    const large = Array.from({ length: 8 }, () => tf.ones([4, 1024, 1024]));
    expect(step()).toEqual(before);
    tf.dispose(large);
    expect(before).toEqual(expected);
  });

  test('a backend that was started without shared memory uses one thread, and says why', async () => {
    await restart(1);
    const status = await useWasm({ threads: 2 });
    expect(status.threads).toBe(1);
    expect(status.reason).toMatch(/started before useWasm/);
  });

  test('the number can be changed while the backend runs', async () => {
    await restart(2);
    expect(await useWasm({ threads: 1 })).toEqual({ threads: 1 });
    expect(step()).toEqual(expected);
    expect(await useWasm({ threads: 3 })).toEqual({ threads: 3 });
    expect(step()).toEqual(expected);
  });

  test('by default there are as many as the machine runs at once', async () => {
    await restart(1);
    const factory = tf.findBackendFactory('wasm');
    tf.removeBackend('wasm');
    tf.registerBackend('wasm', factory, 2);
    expect(await useWasm()).toEqual({ threads: Math.min(availableParallelism(), 16) });
  });

  test.each([0, -1, 1.5, Number.NaN])('%d of them are refused', async (threads) => {
    await expect(useWasm({ threads })).rejects.toThrow(/threads: must be an integer of at least 1, but is/);
  });
});
