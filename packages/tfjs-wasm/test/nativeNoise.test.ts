import { type NativeKernels, nativeKernels } from '@crossreg/tfjs-native';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kernelsOf } from '../src/kernels';
import { floats, relativeError, wasm } from './agreement';

let native: NativeKernels | undefined;
try {
  native = nativeKernels();
} catch (error) {
  console.error(`\n!!! SKIPPED: NATIVE NOISE IS NOT TESTED. ${(error as Error).message} !!!\n`);
}
const sets = native?.instructionSets() ?? [];
beforeAll(() => tf.setBackend('wasm'));
afterAll(() => {
  native?.useInstructionSet(sets[0]);
  if (native) kernelsOf(wasm()).useNative(undefined);
});

const key = { k0: 123_456_789, k1: -987_654_321 };
const run = (kernel: string, inputs: tf.NamedTensorMap, attrs: object) =>
  tf.engine().runKernel(kernel, inputs, { ...key, ...attrs }) as tf.Tensor;

/** ε, added noise and sums, for shapes that end anywhere within a vector. They are mirrored too if there are two halves. */
function drawn(): { isSum: boolean; values: number[] }[] {
  return tf.tidy(() =>
    [[1], [33], [7, 5], [129, 3], [6, 35], [64, 32, 40]].flatMap((shape) => {
      const x = tf.tensor(floats(shape, 1).values, shape);
      const channels = shape[shape.length - 1];
      const scale = tf.tensor(floats([channels], 2).values, [channels]);
      const values = (kernel: string, inputs: tf.NamedTensorMap, attrs: object) => ({
        isSum: kernel === 'CrossregNoiseProducts',
        values: Array.from(run(kernel, inputs, attrs).dataSync()),
      });
      return [
        values('CrossregGaussian', {}, { shape }),
        ...(shape[0] % 2 === 0 ? [false, true] : [false]).flatMap((mirrored) => [
          values('CrossregAddNoise', { x, scale }, { mirrored }),
          values('CrossregAddNoise', { x, scale: tf.scalar(0.7) }, { mirrored }),
          values('CrossregNoiseProducts', { dy: x }, { mirrored, perChannel: true }),
          values('CrossregNoiseProducts', { dy: x }, { mirrored, perChannel: false }),
        ]),
      ];
    }),
  );
}

describe.each(sets)('on %s', (set) => {
  test('the stream is that of wasm, and nothing depends on the number of threads', () => {
    kernelsOf(wasm()).useNative(undefined);
    const expected = drawn();
    native?.useInstructionSet(set);
    kernelsOf(wasm()).useNative(native, 1);
    const before = [wasm().numDataIds(), tf.memory().numTensors];
    const one = drawn();
    expect([wasm().numDataIds(), tf.memory().numTensors]).toEqual(before);
    kernelsOf(wasm()).useNative(native, 3);
    expect(drawn()).toEqual(one);
    one.forEach(({ isSum, values }, i) => {
      if (isSum || set === 'portable') expect(relativeError(values, expected[i].values)).toBeLessThan(1e-3);
      // Node has relaxed SIMD, on this processor with fused multiply-adds: the bits are the same.
      else expect(values).toEqual(expected[i].values);
    });
  });
});
