import type { TensorInfo } from '@tensorflow/tfjs-core';
import { defineKernel, type KernelCall } from './define';
import { bits } from './kernels';

interface Inputs {
  images: TensorInfo;
  /** [batch, 2, 3]: from the result to the image, both about their center. */
  matrices: TensorInfo;
}
interface Attrs {
  /** Beyond the edge: 0 constant, 1 edge, 2 reflect, 3 wrap. */
  mode: number;
  /** Of the constant. */
  value: number;
}

function run(call: KernelCall<Inputs, Attrs>, shape: readonly number[], dy?: TensorInfo): TensorInfo {
  const { inputs, attrs, backend, kernels } = call;
  const out = backend.makeOutput(shape, 'float32');
  const [batch, ...size] = inputs.images.shape;
  const [images, matrices] = [kernels.address(inputs.images), kernels.address(inputs.matrices)];
  const upstream = dy ? kernels.address(dy) : 0;
  const args = [images, matrices, kernels.address(out), ...size, attrs.mode, bits(attrs.value), upstream];
  kernels.run('warp', batch, args);
  return out;
}

/** Each image resampled bilinearly through its own affine map. */
export const warp = defineKernel<Inputs, Attrs>('CrossregWarp', (call) =>
  run(call, call.inputs.images.shape),
);

/** The gradient of the maps: for each image [2, 3]. */
export const warpGradient = defineKernel<Inputs & { dy: TensorInfo }, Attrs>('CrossregWarpGradient', (call) =>
  run(call, call.inputs.matrices.shape, call.inputs.dy),
);
