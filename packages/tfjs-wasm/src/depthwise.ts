import {
  backend_util,
  DepthwiseConv2dNativeBackpropFilter,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInput,
  type DepthwiseConv2dNativeBackpropInputAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';

type Shape4 = [number, number, number, number];

/** The part of the argument blocks that both gradients share. */
const windowOf = (g: backend_util.Conv2DInfo) => [
  ...[g.inHeight, g.inWidth, g.inChannels, g.outHeight, g.outWidth, g.filterHeight, g.filterWidth],
  ...[g.strideHeight, g.strideWidth, g.dilationHeight, g.dilationWidth, g.padInfo.top, g.padInfo.left],
  g.outChannels / g.inChannels,
];

const geometry = (
  inShape: readonly number[],
  filterShape: readonly number[],
  { strides, dilations, pad, dimRoundingMode }: Omit<DepthwiseConv2dNativeBackpropInputAttrs, 'inputShape'>,
) =>
  backend_util.computeConv2DInfo(
    inShape as Shape4,
    filterShape as Shape4,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    true,
  );

export const depthwiseBackpropInput = defineKernel<
  { dy: TensorInfo; filter: TensorInfo },
  DepthwiseConv2dNativeBackpropInputAttrs
>(DepthwiseConv2dNativeBackpropInput, ({ inputs: { dy, filter }, attrs, backend, kernels }) => {
  const g = geometry(attrs.inputShape, filter.shape, attrs);
  const dx = backend.makeOutput(g.inShape, 'float32');
  kernels.run(
    'depthwiseInputGradient',
    g.batchSize,
    [kernels.address(dy), kernels.address(filter), kernels.address(dx), ...windowOf(g)],
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
  kernels.run(
    'depthwiseFilterGradient',
    g.filterHeight * g.filterWidth,
    [kernels.address(x), kernels.address(dy), kernels.address(dw), g.batchSize, ...windowOf(g)],
    sizeOf(g.outShape),
  );
  return dw;
});
