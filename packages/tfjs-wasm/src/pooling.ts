import { backend_util, MaxPoolGrad, type MaxPoolGradAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';

export const maxPoolGrad = defineKernel<{ dy: TensorInfo; input: TensorInfo }, MaxPoolGradAttrs>(
  MaxPoolGrad,
  ({ inputs: { dy, input }, attrs, backend, kernels }) => {
    const shape = input.shape as [number, number, number, number];
    const g = backend_util.computePool2DInfo(
      shape,
      attrs.filterSize,
      attrs.strides,
      1,
      attrs.pad,
      attrs.dimRoundingMode,
    );
    const dx = backend.makeOutput(shape, 'float32');
    const args = [
      ...[kernels.address(input), kernels.address(dy), kernels.address(dx)],
      ...[g.inHeight, g.inWidth, g.inChannels, g.outHeight, g.outWidth, g.filterHeight, g.filterWidth],
      ...[g.strideHeight, g.strideWidth, g.dilationHeight, g.dilationWidth, g.padInfo.top, g.padInfo.left],
    ];
    kernels.run('maxPoolGradient', g.batchSize, args, sizeOf(shape.slice(1)) * 2);
    return dx;
  },
);
