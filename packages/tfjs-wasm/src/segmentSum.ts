import * as tf from '@tensorflow/tfjs-core';
import { type TensorInfo, UnsortedSegmentSum, type UnsortedSegmentSumAttrs } from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';

/** Sums of rows that share an id: the gradient of `gather` and of embeddings. */
export const unsortedSegmentSum = defineKernel<
  { x: TensorInfo; segmentIds: TensorInfo },
  UnsortedSegmentSumAttrs
>(UnsortedSegmentSum, ({ inputs: { x, segmentIds }, attrs: { numSegments }, backend, kernels }) => {
  if (x.dtype === 'bool') {
    return tf.tidy(() =>
      tf.unsortedSegmentSum(tf.cast(x as tf.Tensor, 'float32'), segmentIds as tf.Tensor1D, numSegments),
    );
  }
  const rows = sizeOf(segmentIds.shape);
  const rest = x.shape.slice(segmentIds.shape.length);
  const columns = sizeOf(rest);
  const out = backend.makeOutput([numSegments, ...rest], x.dtype);
  if (x.dtype === 'int32') {
    sumIntegers(kernels.heap(), {
      ...{ x: kernels.address(x), ids: kernels.address(segmentIds), out: kernels.address(out) },
      ...{ rows, columns, numSegments },
    });
    return out;
  }
  const args = [kernels.address(x), kernels.address(segmentIds), kernels.address(out)];
  kernels.run('segmentSum', Math.ceil(columns / 16), [...args, rows, columns, numSegments], rows * 16);
  return out;
});

/** For int32, which is rare. The kernel would add its bits as floats. */
function sumIntegers(
  heap: Int32Array,
  p: { x: number; ids: number; out: number; rows: number; columns: number; numSegments: number },
): void {
  const [x, ids, out] = [p.x >>> 2, p.ids >>> 2, p.out >>> 2];
  heap.fill(0, out, out + p.numSegments * p.columns);
  for (let row = 0; row < p.rows; row++) {
    const id = heap[ids + row];
    if (id < 0 || id >= p.numSegments) continue;
    for (let j = 0; j < p.columns; j++) heap[out + id * p.columns + j] += heap[x + row * p.columns + j];
  }
}
