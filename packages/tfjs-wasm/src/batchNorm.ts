import * as tf from '@tensorflow/tfjs-core';
import {
  FusedBatchNorm,
  type FusedBatchNormAttrs,
  type GradConfig,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';
import { preferGradient } from './gradient';

const BatchNormSums = 'CrossregBatchNormSums';
const ScaleRows = 'CrossregScaleRows';

/** Σ dy and Σ dy · (x − mean) over all axes but the last. */
export const batchNormSums = defineKernel<{ x: TensorInfo; dy: TensorInfo; mean: TensorInfo }>(
  BatchNormSums,
  ({ inputs: { x, dy, mean }, backend, kernels }) => {
    const [channels] = mean.shape;
    const outputs = [backend.makeOutput([channels], 'float32'), backend.makeOutput([channels], 'float32')];
    kernels.run('batchNormSums', Math.ceil(channels / 4), [
      ...[x, dy, mean, ...outputs].map((tensor) => kernels.address(tensor)),
      ...[sizeOf(x.shape) / channels, channels],
    ]);
    return outputs;
  },
);

/** x · factor, one factor for each entry of the last axis. */
export const scaleRows = defineKernel<{ x: TensorInfo; factor: TensorInfo }>(
  ScaleRows,
  ({ inputs: { x, factor }, backend, kernels }) => {
    const [channels] = factor.shape;
    const out = backend.makeOutput(x.shape, 'float32');
    kernels.run('scaleRows', sizeOf(x.shape) / channels, [
      ...[x, factor, out].map((tensor) => kernels.address(tensor)),
      channels,
    ]);
    return out;
  },
);

/**
 * The gradient of batch normalization in two passes over the activations. Used for statistics per channel on the
 * wasm backend; everything else goes to the gradient that was registered before.
 */
const gradient = (stock: GradConfig): GradConfig => ({
  kernelName: FusedBatchNorm,
  inputsToSave: ['x', 'mean', 'variance', 'scale'],
  gradFunc: (dy, saved, attrs) => {
    const [x, mean, variance, scale] = saved;
    if (tf.getBackend() !== 'wasm' || mean.rank !== 1 || x.size === 0)
      return stock.gradFunc(dy, saved, attrs);
    const { varianceEpsilon } = attrs as unknown as FusedBatchNormAttrs;
    const dY = dy as tf.Tensor;
    const rstd = tf.rsqrt(tf.add(variance, varianceEpsilon));
    const factor = scale == null ? rstd : tf.mul(rstd, scale);
    // At once, not when first asked for: each of the functions below runs in a tidy of its own.
    const [dySum, productSum] = tf
      .engine()
      .runKernel(BatchNormSums, { x, dy: dY, mean }) as unknown as tf.Tensor[];
    return {
      x: () => tf.engine().runKernel(ScaleRows, { x: dY, factor }) as tf.Tensor,
      mean: () => tf.neg(tf.mul(factor, dySum)),
      variance: () => tf.mul(tf.mul(tf.mul(factor, tf.square(rstd)), -0.5), productSum),
      scale: () => tf.mul(rstd, productSum),
      offset: () => tf.clone(dySum),
    };
  },
});

/** The backend's own kernel, with {@link gradient} as its gradient. */
export const batchNorm = defineKernel(FusedBatchNorm, ({ stock }) => {
  preferGradient(FusedBatchNorm, gradient);
  return stock();
});
