import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { allowLongTranspose } from './longTranspose';

test('a matrix longer than WebGPU dispatches is transposed as one of a stack; others as ever', () => {
  const asked: [number[], number[]][] = [];
  tf.registerKernel({
    kernelName: 'Transpose',
    backendName: 'webgpu',
    kernelFunc({ inputs, attrs }) {
      const { shape } = inputs.x as tf.TensorInfo;
      const perm = attrs?.perm as number[];
      asked.push([shape, perm]);
      return { dataId: {}, shape: perm.map((axis) => shape[axis]), dtype: 'float32' };
    },
  });
  allowLongTranspose();
  const transpose = tf.getKernel('Transpose', 'webgpu').kernelFunc;
  const of = (shape: number[], perm: number[]) =>
    (
      transpose({
        inputs: { x: { dataId: {}, shape, dtype: 'float32' } },
        attrs: { perm },
        backend: {},
      }) as tf.TensorInfo
    ).shape;
  expect(of([1_048_560, 2], [1, 0])).toEqual([2, 1_048_560]);
  expect(of([1_048_561, 2], [1, 0])).toEqual([2, 1_048_561]);
  expect(of([3, 2_000_000], [1, 0])).toEqual([2_000_000, 3]);
  expect(of([2_000_000, 2, 3], [2, 0, 1])).toEqual([3, 2_000_000, 2]);
  expect(of([2_000_000, 2], [0, 1])).toEqual([2_000_000, 2]);
  expect(asked).toEqual([
    [
      [1_048_560, 2],
      [1, 0],
    ],
    [
      [1, 1_048_561, 2],
      [0, 2, 1],
    ],
    [
      [1, 3, 2_000_000],
      [0, 2, 1],
    ],
    [
      [2_000_000, 2, 3],
      [2, 0, 1],
    ],
    [
      [2_000_000, 2],
      [0, 1],
    ],
  ]);
  tf.unregisterKernel('Transpose', 'webgpu');
});
