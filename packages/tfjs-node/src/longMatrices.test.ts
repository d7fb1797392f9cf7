import * as tf from '@tensorflow/tfjs';
import { afterEach, expect, test } from 'vitest';
import { allowLongMatrices } from './longMatrices';

/** The calls of the backend's own kernel. */
let asked: unknown[] = [];
afterEach(() => {
  asked = [];
  for (const { kernelName } of tf.getKernelsForBackend('webgpu')) tf.unregisterKernel(kernelName, 'webgpu');
});

/** A kernel as tfjs-backend-webgpu would have it, of which only the shape of its result counts, and ours before it. */
function kernel(kernelName: string, shapeOf: (shape: number[], attrs: any) => number[]) {
  tf.registerKernel({
    kernelName,
    backendName: 'webgpu',
    kernelFunc({ inputs, attrs }) {
      const { shape } = inputs.x as tf.TensorInfo;
      asked.push([shape, attrs]);
      return { dataId: {}, shape: shapeOf(shape, attrs), dtype: 'float32' };
    },
  });
  allowLongMatrices();
  const { kernelFunc } = tf.getKernel(kernelName, 'webgpu');
  return (shape: number[], attrs: tf.NamedAttrMap) =>
    (
      kernelFunc({
        inputs: { x: { dataId: {}, shape, dtype: 'float32' } },
        attrs,
        backend: {},
      }) as tf.TensorInfo
    ).shape;
}
const without = (shape: number[], axes: number[]) => shape.filter((_, axis) => !axes.includes(axis));

test('a matrix too long for a WebGPU dispatch is transposed as a stack of one; others are unchanged', () => {
  const transpose = kernel('Transpose', (shape, { perm }) => perm.map((axis: number) => shape[axis]));
  expect(transpose([1_048_560, 2], { perm: [1, 0] })).toEqual([2, 1_048_560]);
  expect(transpose([1_048_561, 2], { perm: [1, 0] })).toEqual([2, 1_048_561]);
  expect(transpose([3, 2_000_000], { perm: [1, 0] })).toEqual([2_000_000, 3]);
  expect(transpose([2_000_000, 2, 3], { perm: [2, 0, 1] })).toEqual([3, 2_000_000, 2]);
  expect(asked).toEqual([
    [[1_048_560, 2], { perm: [1, 0] }],
    [[1, 1_048_561, 2], { perm: [0, 2, 1] }],
    [[1, 3, 2_000_000], { perm: [0, 2, 1] }],
    [[2_000_000, 2, 3], { perm: [2, 0, 1] }],
  ]);
});

test('reductions of such a matrix keep their axes and their shape, also with axes counted from the end', () => {
  const max = kernel('Max', (shape, { reductionIndices, keepDims }) =>
    keepDims
      ? shape.map((size, axis) => (reductionIndices.includes(axis) ? 1 : size))
      : without(shape, reductionIndices),
  );
  expect(max([2_000_000, 3], { reductionIndices: [0], keepDims: false })).toEqual([3]);
  expect(max([2_000_000, 3], { reductionIndices: [0], keepDims: true })).toEqual([1, 3]);
  const argMax = kernel('ArgMax', (shape, { axis }) => without(shape, [axis].flat()));
  expect(argMax([2_000_000, 3], { axis: -2 })).toEqual([3]);
  expect(asked).toEqual([
    [[1, 2_000_000, 3], { reductionIndices: [1], keepDims: false }],
    [[1, 2_000_000, 3], { reductionIndices: [1], keepDims: true }],
    [[1, 2_000_000, 3], { axis: [1] }],
  ]);
});
