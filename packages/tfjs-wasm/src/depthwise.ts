import {
  backend_util,
  DepthwiseConv2dNative,
  type DepthwiseConv2dNativeAttrs,
  DepthwiseConv2dNativeBackpropFilter,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInput,
  type DepthwiseConv2dNativeBackpropInputAttrs,
  FusedDepthwiseConv2D,
  type FusedDepthwiseConv2DAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';
import { refuseNoOutput, runWindows, windowArgs } from './windows';

type Shape4 = [number, number, number, number];

/** Output channels per input channel. */
const multiplier = (g: backend_util.Conv2DInfo) => g.outChannels / g.inChannels;

const geometry = (
  inShape: readonly number[],
  filterShape: readonly number[],
  { strides, dilations, pad, dimRoundingMode }: Omit<DepthwiseConv2dNativeBackpropInputAttrs, 'inputShape'>,
) =>
  backend_util.computeConv2DInfo(
    inShape as Shape4,
    filterShape as Shape4,
    strides,
    // Layers without a dilation pass null.
    dilations ?? 1,
    pad,
    dimRoundingMode,
    true,
  );

/** y = x ∗ w, for native kernels; the backend's kernel covers the other cases. */
export const depthwiseConv2d = defineKernel<
  { x: TensorInfo; filter: TensorInfo },
  DepthwiseConv2dNativeAttrs
>(DepthwiseConv2dNative, ({ inputs: { x, filter }, attrs, backend, kernels, stock }) => {
  const g = geometry(x.shape, filter.shape, attrs);
  refuseNoOutput(g);
  if (!kernels.isNative || filter.shape[3] !== 1 || x.dtype !== 'float32') return stock();
  const out = backend.makeOutput(g.outShape, 'float32');
  runWindows(kernels, 'depthwise', [x, filter, out], g, [0]);
  return out;
});

/** The same with bias and activation, by the kernel of the backend. */
export const fusedDepthwiseConv2d = defineKernel<
  { x: TensorInfo; filter: TensorInfo },
  FusedDepthwiseConv2DAttrs
>(FusedDepthwiseConv2D, ({ inputs: { x, filter }, attrs, stock }) => {
  refuseNoOutput(geometry(x.shape, filter.shape, attrs));
  return stock();
});

export const depthwiseBackpropInput = defineKernel<
  { dy: TensorInfo; filter: TensorInfo },
  DepthwiseConv2dNativeBackpropInputAttrs
>(DepthwiseConv2dNativeBackpropInput, ({ inputs: { dy, filter }, attrs, backend, kernels }) => {
  const g = geometry(attrs.inputShape, filter.shape, attrs);
  const dx = backend.makeOutput(g.inShape, 'float32');
  if (multiplier(g) === 1 && runWindows(kernels, 'depthwise', [dy, filter, dx], g, [1])) return dx;
  kernels.run(
    'depthwiseInputGradient',
    g.batchSize,
    [kernels.address(dy), kernels.address(filter), kernels.address(dx), ...windowArgs(g), multiplier(g)],
    sizeOf(g.filterShape.slice(0, 2)) * sizeOf(g.outShape.slice(1)),
  );
  return dx;
});

export const depthwiseBackpropFilter = defineKernel<
  { x: TensorInfo; dy: TensorInfo },
  DepthwiseConv2dNativeBackpropFilterAttrs
>(DepthwiseConv2dNativeBackpropFilter, ({ inputs: { x, dy }, attrs, backend, kernels }) => {
  const g = geometry(x.shape, attrs.filterShape, attrs);
  const dw = backend.makeOutput(g.filterShape, 'float32');
  if (multiplier(g) === 1 && runWindows(kernels, 'depthwiseFilter', [x, dy, dw], g)) return dw;
  kernels.run(
    'depthwiseFilterGradient',
    g.filterHeight * g.filterWidth,
    [
      kernels.address(x),
      kernels.address(dy),
      kernels.address(dw),
      g.batchSize,
      ...windowArgs(g),
      multiplier(g),
    ],
    sizeOf(g.outShape),
  );
  return dw;
});
