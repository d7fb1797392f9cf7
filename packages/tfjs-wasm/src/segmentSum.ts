import { type TensorInfo, UnsortedSegmentSum, type UnsortedSegmentSumAttrs } from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';

/** Sums of rows that share an id: the gradient of `gather` and of embeddings. */
export const unsortedSegmentSum = defineKernel<
  { x: TensorInfo; segmentIds: TensorInfo },
  UnsortedSegmentSumAttrs
>(UnsortedSegmentSum, ({ inputs: { x, segmentIds }, attrs: { numSegments }, backend, kernels }) => {
  const rows = sizeOf(segmentIds.shape);
  const rest = x.shape.slice(segmentIds.shape.length);
  const columns = sizeOf(rest);
  const out = backend.makeOutput([numSegments, ...rest], x.dtype);
  kernels.run('segmentSum', Math.ceil(columns / 16), [
    ...[kernels.address(x), kernels.address(segmentIds), kernels.address(out)],
    ...[rows, columns, numSegments],
  ]);
  return out;
});
