import {
  AvgPool,
  type AvgPoolAttrs,
  backend_util,
  MaxPool,
  type MaxPoolAttrs,
  MaxPoolGrad,
  type MaxPoolGradAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';
import { refuseNoOutput, runWindows, windowArgs } from './windows';

const geometry = (shape: readonly number[], { filterSize, strides, pad, dimRoundingMode }: MaxPoolAttrs) =>
  backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );

/** The maximum of each window, for native kernels. The kernel of the backend covers the other cases. */
export const maxPool = defineKernel<{ x: TensorInfo }, MaxPoolAttrs>(
  MaxPool,
  ({ inputs: { x }, attrs, backend, kernels, stock }) => {
    const g = geometry(x.shape, attrs);
    refuseNoOutput(g);
    if (!kernels.isNative || x.dtype !== 'float32') return stock();
    const out = backend.makeOutput(g.outShape, 'float32');
    runWindows(kernels, 'maxPool', [x, out], g);
    return out;
  },
);

/** The mean of each window, by the kernel of the backend. */
export const avgPool = defineKernel<{ x: TensorInfo }, AvgPoolAttrs>(
  AvgPool,
  ({ inputs: { x }, attrs, stock }) => {
    refuseNoOutput(geometry(x.shape, attrs));
    return stock();
  },
);

/** The gradient: dy at the first maximum of each window. */
export const maxPoolGrad = defineKernel<{ dy: TensorInfo; input: TensorInfo }, MaxPoolGradAttrs>(
  MaxPoolGrad,
  ({ inputs: { dy, input }, attrs, backend, kernels }) => {
    const g = geometry(input.shape, attrs);
    const dx = backend.makeOutput(input.shape, 'float32');
    if (runWindows(kernels, 'maxPoolGradient', [input, dy, dx], g)) return dx;
    const args = [kernels.address(input), kernels.address(dy), kernels.address(dx), ...windowArgs(g)];
    kernels.run('maxPoolGradient', g.batchSize, args, sizeOf(input.shape.slice(1)) * 2);
    return dx;
  },
);
