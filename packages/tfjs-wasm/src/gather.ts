import { backend_util, GatherV2, type GatherV2Attrs, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';

/**
 * Rows by their index, each copied as a whole, as for the batches of `fit` and of ρ steps. The kernel of the backend computes
 * the place of every single number.
 */
export const gather = defineKernel<{ x: TensorInfo; indices: TensorInfo }, GatherV2Attrs>(
  GatherV2,
  ({ inputs: { x, indices }, attrs: { axis, batchDims }, backend, kernels, stock }) => {
    const [parsed] = util.parseAxisParam(axis, x.shape);
    const isWord = x.dtype === 'float32' || x.dtype === 'int32';
    if (parsed !== 0 || batchDims !== 0 || !isWord || indices.dtype !== 'int32') return stock();
    const { outputShape, sliceSize } = backend_util.segment_util.collectGatherOpShapeInfo(
      x as never,
      indices as never,
      0,
      0,
    );
    const rows = sizeOf(indices.shape);
    if (rows * sliceSize === 0) return stock();
    const out = backend.makeOutput(outputShape, x.dtype);
    const [from, places, to] = [x, indices, out].map((tensor) => kernels.address(tensor) >>> 2);
    const words = kernels.heap();
    for (let row = 0; row < rows; row++) {
      const index = words[places + row];
      if (!(index >= 0 && index < x.shape[0])) {
        backend.disposeData(out.dataId);
        throw new Error(`GatherV2: the index value ${index} is not in [0, ${x.shape[0] - 1}]`);
      }
      const start = from + index * sliceSize;
      words.copyWithin(to + row * sliceSize, start, start + sliceSize);
    }
    return out;
  },
);
