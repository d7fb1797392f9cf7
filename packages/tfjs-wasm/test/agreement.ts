import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { WasmBackend } from '../src/backend';
import '../src/registerKernels';

export interface Input {
  readonly shape: readonly number[];
  readonly dtype?: 'float32' | 'int32';
  readonly values: Float32Array | Int32Array;
}

/** A call of one kernel, to be made on two backends. */
export interface Case {
  readonly inputs: Readonly<Record<string, Input>> | readonly Input[];
  readonly attrs?: object;
}

/** Values in [−1, 1), the same for the same seed and size. */
export function floats(shape: readonly number[], seed: number): Input {
  let state = seed * 2654435761 + 1;
  const values = Float32Array.from({ length: tf.util.sizeFromShape(shape as number[]) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >> 8) / 2 ** 23;
  });
  return { shape, values };
}

export const wasm = () => tf.findBackend('wasm') as unknown as WasmBackend & tf.KernelBackend;

/** Runs the kernel on a backend, returns plain numbers, and frees everything else. */
export function onBackend(name: 'cpu' | 'wasm', kernelName: string, { inputs, attrs }: Case) {
  const backend = tf.findBackend(name) as any;
  const made: tf.TensorInfo[] = [];
  const infos = Object.assign(
    Array.isArray(inputs) ? [] : {},
    Object.fromEntries(
      Object.entries(inputs).map(([key, { shape, dtype = 'float32', values }]) => {
        const dataId = backend.write(values, shape, dtype);
        // `rank` and `size` are what composed kernels expect of a tensor.
        const info = tf.engine().makeTensorFromDataId(dataId, shape as number[], dtype, backend);
        made.push(info);
        return [key, info];
      }),
    ),
  );
  const output = tf.getKernel(kernelName, name).kernelFunc({
    inputs: infos as unknown as tf.NamedTensorInfoMap,
    attrs: (attrs ?? {}) as tf.NamedAttrMap,
    backend,
  });
  const results = [output].flat().map((info) => ({
    shape: info.shape,
    values: Array.from(
      backend.readSync(info.dataId).slice(0, tf.util.sizeFromShape(info.shape)) as Float32Array,
    ),
  }));
  for (const info of [output].flat()) {
    if (info instanceof tf.Tensor) info.dispose();
    else backend.disposeData(info.dataId);
  }
  for (const info of made) (info as tf.Tensor).dispose();
  return results;
}

/** Largest difference relative to the largest expected magnitude. */
export function relativeError(actual: readonly number[], expected: readonly number[]): number {
  const scale = expected.reduce((max, x) => Math.max(max, Math.abs(x)), 1e-3);
  return actual.reduce((max, x, i) => {
    const difference = Math.abs(x - expected[i]);
    return Math.max(max, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference / scale);
  }, 0);
}

/** Random cases: same shapes and numbers as on `cpu` within 1e-4, and nothing leaked on the wasm heap. */
export function agreesWithCpu(kernelName: string, cases: fc.Arbitrary<Case>, numRuns = 500): void {
  const before = wasm().numDataIds();
  fc.assert(
    fc.property(cases, (call) => {
      const expected = onBackend('cpu', kernelName, call);
      const actual = onBackend('wasm', kernelName, call);
      expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
      actual.forEach(({ values }, i) => {
        expect(relativeError(values, expected[i].values)).toBeLessThan(1e-4);
      });
    }),
    { numRuns, seed: 20250601 },
  );
  expect(wasm().numDataIds()).toBe(before);
}
