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
  /** The value of the constant fill. */
  value: number;
}

/** About how long the work on one number of an image takes. */
const NANOSECONDS = 1.5;

/** The first arguments of both kernels: images, matrices, out, height, width, channels, mode, fill, batch. */
function argumentsOf({ inputs, attrs, kernels }: KernelCall<Inputs, Attrs>, out: TensorInfo): number[] {
  const [batch, ...size] = inputs.images.shape;
  const addresses = [inputs.images, inputs.matrices, out].map((tensor) => kernels.address(tensor));
  return [...addresses, ...size, attrs.mode, bits(attrs.value), batch];
}

/** Resamples each image bilinearly through its affine map. */
export const warp = defineKernel<Inputs, Attrs>('CrossregWarp', (call) => {
  const { shape } = call.inputs.images;
  const out = call.backend.makeOutput(shape, 'float32');
  const [batch, height, width, channels] = shape;
  call.kernels.run('warp', batch * height, argumentsOf(call, out), width * channels * NANOSECONDS);
  return out;
});

/** The gradient of the maps: for each image [2, 3]. */
export const warpGradient = defineKernel<Inputs & { dy: TensorInfo }, Attrs>(
  'CrossregWarpGradient',
  (call) => {
    const { images, matrices, dy } = call.inputs;
    const out = call.backend.makeOutput(matrices.shape, 'float32');
    const [batch, height, width, channels] = images.shape;
    const args = [...argumentsOf(call, out), call.kernels.address(dy)];
    call.kernels.run('warpGradient', batch, args, height * width * channels * NANOSECONDS);
    return out;
  },
);
