import { backend_util, Mean, Sum, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel, type KernelCall } from './define';
import type { Kernels } from './kernels';

interface ReductionAttrs {
  axis: number | number[];
  keepDims: boolean;
}

/** The sum over the middle axis of [outer, reduced, inner], times `factor`. */
export function sumMiddle(
  kernels: Kernels,
  from: number,
  to: number,
  { outer, reduced, inner, factor = 1 }: { outer: number; reduced: number; inner: number; factor?: number },
): void {
  const bits = new Int32Array(new Float64Array([factor]).buffer);
  kernels.run('sumMiddle', outer, [from, to, reduced, inner, ...bits]);
}

/** Sums and means whose axes are neighbours: [outer, reduced, inner]. Others are left to the backend. */
function reduction(call: KernelCall<{ x: TensorInfo }, ReductionAttrs>, mean: boolean) {
  const { inputs, attrs, backend, kernels, stock } = call;
  const { x } = inputs;
  const axes = util.parseAxisParam(attrs.axis, x.shape).sort((a, b) => a - b);
  const neighbours = axes.every((axis, i) => i === 0 || axis === axes[i - 1] + 1);
  const reduced = sizeOf(axes.map((axis) => x.shape[axis]));
  if (x.dtype !== 'float32' || !neighbours || axes.length === 0 || sizeOf(x.shape) === 0) return stock();
  const [outShape] = backend_util.computeOutAndReduceShapes(x.shape, axes);
  const outer = sizeOf(x.shape.slice(0, axes[0]));
  const inner = sizeOf(x.shape.slice(axes[axes.length - 1] + 1));
  const shape = attrs.keepDims ? backend_util.expandShapeToKeepDim(outShape, axes) : outShape;
  const out = backend.makeOutput(shape, 'float32');
  const factor = mean ? 1 / reduced : 1;
  sumMiddle(kernels, kernels.address(x), kernels.address(out), { outer, reduced, inner, factor });
  return out;
}

export const sum = defineKernel<{ x: TensorInfo }, ReductionAttrs>(Sum, (call) => reduction(call, false));
export const mean = defineKernel<{ x: TensorInfo }, ReductionAttrs>(Mean, (call) => reduction(call, true));
