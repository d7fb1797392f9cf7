import * as tf from '@tensorflow/tfjs-core';
import { backend_util, Mean, Sum, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel, type KernelCall } from './define';
import { FusedPasses } from './fusedPasses';
import { type GradientFunction, preferGradient } from './gradient';
import { bits, type Kernels } from './kernels';

const Spread = 'CrossregSpread';

interface ReductionAttrs {
  axis: number | number[];
  keepDims: boolean;
}

/** Rows that are summed at a time if there are many. They stay in the cache while the loop goes through the columns. */
const [FEWEST_ROWS, MOST_ROWS] = [32, 512];

/** The largest number of rows from {@link FEWEST_ROWS} to {@link MOST_ROWS} that divides them all, if there is one. */
function blockOf(rows: number): number | undefined {
  for (let block = MOST_ROWS; block >= FEWEST_ROWS; block--) if (rows % block === 0) return block;
  return undefined;
}

/** The sum over the middle axis of [outer, reduced, inner], times `factor`. */
export function sumMiddle(
  kernels: Kernels,
  from: number,
  to: number,
  { outer, reduced, inner, factor = 1 }: { outer: number; reduced: number; inner: number; factor?: number },
): void {
  const block = inner > 1 && reduced > MOST_ROWS ? blockOf(reduced) : undefined;
  if (block !== undefined) {
    const blocks = reduced / block;
    kernels.scratch([outer * blocks * inner * 4], (partial) => {
      sumMiddle(kernels, from, partial, { outer: outer * blocks, reduced: block, inner });
      sumMiddle(kernels, partial, to, { outer, reduced: blocks, inner, factor });
    });
    return;
  }
  const words = new Int32Array(new Float64Array([factor]).buffer);
  kernels.run('sumMiddle', outer, [from, to, reduced, inner, ...words], reduced * inner * 0.3);
}

/** Copies of [outer, inner] along the middle axis of [outer, reduced, inner], times `factor`. */
export function spreadMiddle(
  kernels: Kernels,
  from: number,
  to: number,
  { outer, reduced, inner, factor = 1 }: { outer: number; reduced: number; inner: number; factor?: number },
): void {
  const args = [from, to, reduced, inner, bits(factor)];
  if (inner === 1) kernels.run('spreadNumbers', outer, args);
  else kernels.run('spreadRows', outer * reduced, args);
}

/** A reduction seen as one over the middle axis of [outer, reduced, inner]. */
interface Middle {
  readonly axes: readonly number[];
  readonly outer: number;
  readonly reduced: number;
  readonly inner: number;
}

/** The view of a reduction over neighbouring axes, or undefined for other axes. */
function middleOf(shape: readonly number[], axis: number | number[]): Middle | undefined {
  const axes = util.parseAxisParam(axis, shape as number[]).sort((a, b) => a - b);
  if (axes.length === 0 || axes.some((each, i) => i > 0 && each !== axes[i - 1] + 1)) return undefined;
  return {
    axes,
    outer: sizeOf(shape.slice(0, axes[0])),
    reduced: sizeOf(axes.map((each) => shape[each])),
    inner: sizeOf(shape.slice(axes[axes.length - 1] + 1)),
  };
}

/** Sums and means over neighbouring axes. Others are left to the backend. */
function reduction(kernelName: string, call: KernelCall<{ x: TensorInfo }, ReductionAttrs>): TensorInfo {
  const { inputs, attrs, backend, kernels, stock } = call;
  preferGradient(kernelName, gradient(kernelName));
  const { x } = inputs;
  const middle = middleOf(x.shape, attrs.axis);
  if (x.dtype !== 'float32' || !middle || sizeOf(x.shape) === 0) return stock() as TensorInfo;
  const axes = [...middle.axes];
  const [outShape] = backend_util.computeOutAndReduceShapes(x.shape, axes);
  const shape = attrs.keepDims ? backend_util.expandShapeToKeepDim(outShape, axes) : outShape;
  const fused = kernelName === Sum && middle.outer === 1 ? FusedPasses.of(kernels, backend) : undefined;
  if (fused) return fused.sum(x, shape, middle.reduced, middle.inner);
  const out = backend.makeOutput(shape, 'float32');
  const factor = kernelName === Mean ? 1 / middle.reduced : 1;
  sumMiddle(kernels, kernels.address(x), kernels.address(out), { ...middle, factor });
  return out;
}

/**
 * The gradient spread over the summed numbers, in one pass. tfjs makes a tensor of ones in JavaScript and takes two passes
 * more.
 */
const gradient =
  (kernelName: string): GradientFunction =>
  (dy, [x], attrs) => {
    const { axis } = attrs as unknown as ReductionAttrs;
    const middle = middleOf(x.shape, axis);
    if (!middle || x.size === 0) return undefined;
    const factor = kernelName === Mean ? 1 / middle.reduced : 1;
    const spreadAttrs = { shape: x.shape, axis, factor };
    return { x: () => tf.engine().runKernel(Spread, { dy: dy as tf.Tensor }, spreadAttrs) as tf.Tensor };
  };

/** dy, which has one number per sum, times a factor, at the place of every summed number. */
export const spread = defineKernel<
  { dy: TensorInfo },
  { shape: number[]; axis: number | number[]; factor: number }
>(Spread, ({ inputs: { dy }, attrs: { shape, axis, factor }, backend, kernels }) => {
  const out = backend.makeOutput(shape, 'float32');
  spreadMiddle(kernels, kernels.address(dy), kernels.address(out), { ...middleOf(shape, axis)!, factor });
  return out;
});

export const sum = defineKernel<{ x: TensorInfo }, ReductionAttrs>(Sum, (call) => reduction(Sum, call));
export const mean = defineKernel<{ x: TensorInfo }, ReductionAttrs>(Mean, (call) => reduction(Mean, call));
