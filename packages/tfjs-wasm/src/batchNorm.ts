import * as tf from '@tensorflow/tfjs-core';
import { FusedBatchNorm, type FusedBatchNormAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';
import { type GradientFunction, lazily, preferGradient } from './gradient';
import { sumMiddle } from './reduction';

/** Rows a unit of assembly/batchNorm.ts. */
const BLOCK = 128;

const BatchNormSums = 'CrossregBatchNormSums';
const ScaleRows = 'CrossregScaleRows';

/** Σ dy and Σ dy · (x − mean) over all axes but the last. */
export const batchNormSums = defineKernel<{ x: TensorInfo; dy: TensorInfo; mean: TensorInfo }>(
  BatchNormSums,
  ({ inputs: { x, dy, mean }, backend, kernels }) => {
    const [channels] = mean.shape;
    const outputs = [backend.makeOutput([channels], 'float32'), backend.makeOutput([channels], 'float32')];
    const rows = sizeOf(x.shape) / channels;
    const blocks = Math.ceil(rows / BLOCK);
    const bytes = blocks * channels * 4;
    kernels.scratch([bytes, bytes], (...partial) => {
      kernels.run(
        'batchNormSums',
        blocks,
        [...[x, dy, mean].map((tensor) => kernels.address(tensor)), ...partial, rows, channels],
        BLOCK * channels * 0.6,
      );
      outputs.forEach((out, i) => {
        const sizes = { outer: 1, reduced: blocks, inner: channels };
        sumMiddle(kernels, partial[i], kernels.address(out), sizes);
      });
    });
    return outputs;
  },
);

/** x · factor, one factor for each entry of the last axis. */
export const scaleRows = defineKernel<{ x: TensorInfo; factor: TensorInfo }>(
  ScaleRows,
  ({ inputs: { x, factor }, backend, kernels }) => {
    const [channels] = factor.shape;
    const out = backend.makeOutput(x.shape, 'float32');
    kernels.run(
      'scaleRows',
      sizeOf(x.shape) / channels,
      [...[x, factor, out].map((tensor) => kernels.address(tensor)), channels],
      channels * 0.4,
    );
    return out;
  },
);

/** The gradient of batch normalization in two passes over the activations, for statistics per channel. */
const gradient: GradientFunction = (dy, saved, attrs) => {
  const [x, mean, variance, scale] = saved;
  if (mean.rank !== 1 || x.size === 0) return undefined;
  const { varianceEpsilon } = attrs as unknown as FusedBatchNormAttrs;
  const dY = dy as tf.Tensor;
  const rstd = tf.rsqrt(tf.add(variance, varianceEpsilon));
  const factor = scale == null ? rstd : tf.mul(rstd, scale);
  const sums = lazily(
    () => tf.engine().runKernel(BatchNormSums, { x, dy: dY, mean }) as unknown as tf.Tensor[],
  );
  return {
    x: () => tf.engine().runKernel(ScaleRows, { x: dY, factor }) as tf.Tensor,
    mean: () => tf.neg(tf.mul(factor, sums()[0])),
    variance: () => tf.mul(tf.mul(tf.mul(factor, tf.square(rstd)), -0.5), sums()[1]),
    scale: () => tf.mul(rstd, sums()[1]),
    offset: () => tf.clone(sums()[0]),
  };
};

/** (x − mean) / √(variance + ε) · scale + offset. */
export const batchNorm = defineKernel<
  { x: TensorInfo; mean: TensorInfo; variance: TensorInfo; scale?: TensorInfo; offset?: TensorInfo },
  FusedBatchNormAttrs
>(FusedBatchNorm, ({ inputs, attrs, backend, kernels, stock }) => {
  preferGradient(FusedBatchNorm, gradient);
  const { x, mean, variance, scale, offset } = inputs;
  const channels = x.shape[x.shape.length - 1];
  const perChannel = [mean, variance, scale, offset].every(
    (tensor) => tensor == null || (tensor.shape.length === 1 && tensor.shape[0] === channels),
  );
  if (!perChannel || sizeOf(x.shape) === 0) return stock();
  const out = backend.makeOutput(x.shape, 'float32');
  kernels.scratch([channels * 4, channels * 4], (factor, zeros) => {
    const numbers = kernels.numbers();
    const variances = kernels.address(variance) >>> 2;
    const scales = scale && kernels.address(scale) >>> 2;
    for (let i = 0; i < channels; i++) {
      const rstd = 1 / Math.sqrt(numbers[variances + i] + attrs.varianceEpsilon);
      numbers[(factor >>> 2) + i] = scales === undefined ? rstd : rstd * numbers[scales + i];
    }
    numbers.fill(0, zeros >>> 2, (zeros >>> 2) + channels);
    const args = [
      ...[kernels.address(x), kernels.address(mean), factor, offset ? kernels.address(offset) : zeros],
      ...[kernels.address(out), channels],
    ];
    kernels.run('normalizeRows', sizeOf(x.shape) / channels, args, channels * 0.4);
  });
  return out;
});
