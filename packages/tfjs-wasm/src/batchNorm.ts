import * as tf from '@tensorflow/tfjs-core';
import { FusedBatchNorm, type FusedBatchNormAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf, type WasmBackend } from './backend';
import { defineKernel } from './define';
import { FusedPasses, type Normalization } from './fusedPasses';
import { type GradientFunction, lazily, preferGradient } from './gradient';
import type { Kernels } from './kernels';
import { sumMiddle } from './reduction';

/** Rows per unit of assembly/batchNorm.ts. */
const BLOCK = 128;

const BatchNormSums = 'CrossregBatchNormSums';
const ScaleRows = 'CrossregScaleRows';
export const NormalizeBatch = 'CrossregNormalizeBatch';
const NormalizeBatchInput = 'CrossregNormalizeBatchInput';

/** Σ dy and Σ dy · (x − mean) over all axes but the last. */
export const batchNormSums = defineKernel<{ x: TensorInfo; dy: TensorInfo; mean: TensorInfo }>(
  BatchNormSums,
  ({ inputs: { x, dy, mean }, backend, kernels }) => {
    const fused = FusedPasses.of(kernels, backend);
    if (fused) return fused.sums(dy, x, mean);
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

/** x · factor, with one factor per entry of the last axis. */
export const scaleRows = defineKernel<{ x: TensorInfo; factor: TensorInfo }>(
  ScaleRows,
  ({ inputs: { x, factor }, backend, kernels }) => {
    const fused = FusedPasses.of(kernels, backend);
    if (fused) return fused.scaleRows(x, factor);
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

/** Whether each of the statistics has one number for each entry of the last axis of x. One for all of them broadcasts. */
const isPerChannel = (x: TensorInfo, ...statistics: readonly (TensorInfo | null | undefined)[]) =>
  statistics.every(
    (one) => one == null || (one.shape.length === 1 && one.shape[0] === x.shape[x.shape.length - 1]),
  );

/** The gradient of batch normalization in two passes over the activations, for statistics per channel. */
const gradient: GradientFunction = (dy, saved, attrs) => {
  const [x, mean, variance, scale] = saved;
  if (!isPerChannel(x, mean, variance, scale) || x.size === 0 || x.dtype !== 'float32') return undefined;
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
  // Every kernel reads floats.
  if (Object.values(inputs).some((tensor) => tensor != null && tensor.dtype !== 'float32')) {
    return tf.tidy(() => {
      const floats = Object.entries(inputs)
        .filter(([, tensor]) => tensor != null)
        .map(([name, tensor]) => [name, tf.cast(tensor as tf.Tensor, 'float32')]);
      const named = Object.fromEntries(floats) as tf.NamedTensorMap;
      return tf.engine().runKernel(FusedBatchNorm, named, { ...attrs }) as tf.Tensor;
    });
  }
  if (!isPerChannel(x, mean, variance, scale, offset) || sizeOf(x.shape) === 0) return stock();
  return normalized(kernels, backend, { x, mean, variance, scale, offset, epsilon: attrs.varianceEpsilon });
});

function normalized(kernels: Kernels, backend: WasmBackend, n: Normalization): TensorInfo {
  const fused = FusedPasses.of(kernels, backend);
  if (fused) return fused.normalize(n);
  const channels = n.mean.shape[0];
  const out = backend.makeOutput(n.x.shape, 'float32');
  kernels.scratch([channels * 4, channels * 4], (factor, zeros) => {
    writeFactors(kernels, factor, n, n.epsilon);
    kernels.numbers().fill(0, zeros >>> 2, (zeros >>> 2) + channels);
    const args = [
      ...[kernels.address(n.x), kernels.address(n.mean), factor],
      ...[n.offset ? kernels.address(n.offset) : zeros, kernels.address(out), channels],
    ];
    kernels.run('normalizeRows', sizeOf(n.x.shape) / channels, args, channels * 0.4);
  });
  return out;
}

/** Writes scale / √(variance + ε). */
function writeFactors(
  kernels: Kernels,
  to: number,
  { variance, scale }: Pick<Normalization, 'variance' | 'scale'>,
  epsilon: number,
): void {
  const numbers = kernels.numbers();
  const variances = kernels.address(variance) >>> 2;
  const scales = scale && kernels.address(scale) >>> 2;
  for (let i = 0; i < variance.shape[0]; i++) {
    const rstd = 1 / Math.sqrt(numbers[variances + i] + epsilon);
    numbers[(to >>> 2) + i] = scales === undefined ? rstd : rstd * numbers[scales + i];
  }
}

/** Mean and variance over all axes but the last, in one pass over memory. */
export function writeMoments(
  kernels: Kernels,
  backend: WasmBackend,
  x: TensorInfo,
): [mean: TensorInfo, variance: TensorInfo] {
  const fused = FusedPasses.of(kernels, backend);
  if (fused) return fused.moments(x);
  const channels = x.shape[x.shape.length - 1];
  const mean = backend.makeOutput([channels], 'float32');
  const variance = backend.makeOutput([channels], 'float32');
  const rows = sizeOf(x.shape) / channels;
  const blocks = Math.ceil(rows / BLOCK);
  const bytes = blocks * channels * 4;
  kernels.scratch([bytes, bytes], (...partial) => {
    const args = [kernels.address(x), ...partial, rows, channels];
    kernels.run('blockMoments', blocks, args, BLOCK * channels * 0.4);
    const moments = [...partial, kernels.address(mean), kernels.address(variance), rows, channels];
    kernels.run('joinMoments', channels, moments, blocks * 2);
  });
  return [mean, variance];
}

/** old − (old − value) · (1 − momentum), rounded as tfjs rounds it, operation by operation. */
function movingAverage(
  kernels: Kernels,
  backend: WasmBackend,
  old: TensorInfo,
  value: TensorInfo,
  momentum: number,
): TensorInfo {
  const next = backend.makeOutput(old.shape, 'float32');
  const [olds, values, nexts] = [old, value, next].map((tensor) => kernels.address(tensor) >>> 2);
  const numbers = kernels.numbers();
  const rate = Math.fround(1 - momentum);
  for (let i = 0; i < old.shape[0]; i++) {
    const change = Math.fround(Math.fround(numbers[olds + i] - numbers[values + i]) * rate);
    numbers[nexts + i] = numbers[olds + i] - change;
  }
  return next;
}

/**
 * Normalization by the moments of the batch: y, mean and variance over all axes but the last, and the next moving averages of
 * the two. It takes two passes over memory. tfjs takes five, and as many again for the gradient.
 */
export const normalizeBatch = defineKernel<
  Record<'x' | 'scale' | 'movingMean' | 'movingVariance', TensorInfo> & { offset?: TensorInfo },
  FusedBatchNormAttrs & { momentum: number }
>(NormalizeBatch, ({ inputs, attrs: { varianceEpsilon, momentum }, backend, kernels }) => {
  const { x, scale, offset, movingMean, movingVariance } = inputs;
  const [mean, variance] = writeMoments(kernels, backend, x);
  const y = normalized(kernels, backend, { x, mean, variance, scale, offset, epsilon: varianceEpsilon });
  const next = (old: TensorInfo, value: TensorInfo) => movingAverage(kernels, backend, old, value, momentum);
  return [y, mean, variance, next(movingMean, mean), next(movingVariance, variance)];
});

/** The gradient of {@link normalizeBatch} by its input, from the sums of {@link batchNormSums}. */
export const normalizeBatchInput = defineKernel<
  Record<'x' | 'dy' | 'mean' | 'variance' | 'scale' | 'sum' | 'product', TensorInfo>,
  FusedBatchNormAttrs
>(NormalizeBatchInput, ({ inputs, attrs: { varianceEpsilon }, backend, kernels }) => {
  const { x, dy, mean, variance, scale, sum, product } = inputs;
  const fused = FusedPasses.of(kernels, backend);
  if (fused)
    return fused.normalizeInput(dy, { x, mean, variance, scale, epsilon: varianceEpsilon }, sum, product);
  const [channels] = mean.shape;
  const rows = sizeOf(x.shape) / channels;
  const out = backend.makeOutput(x.shape, 'float32');
  const bytes = channels * 4;
  kernels.scratch([bytes, bytes, bytes], (factor, slope, shift) => {
    writeFactors(kernels, factor, { variance, scale }, varianceEpsilon);
    const numbers = kernels.numbers();
    const at = (tensor: TensorInfo, i: number) => numbers[(kernels.address(tensor) >>> 2) + i];
    for (let i = 0; i < channels; i++) {
      const each = numbers[(factor >>> 2) + i] / rows;
      numbers[(slope >>> 2) + i] = (-each * at(product, i)) / (at(variance, i) + varianceEpsilon);
      numbers[(shift >>> 2) + i] = -each * at(sum, i);
    }
    const args = [
      ...[kernels.address(dy), kernels.address(x), factor, kernels.address(mean)],
      ...[slope, shift, kernels.address(out), channels],
    ];
    kernels.run('batchNormInput', rows, args, channels * 0.5);
  });
  return out;
});

tf.registerGradient({
  kernelName: NormalizeBatch,
  inputsToSave: ['x', 'scale'],
  outputsToSave: [false, true, true, false, false],
  // Nothing is differentiated through the statistics and their moving averages.
  gradFunc([dy]: tf.Tensor[], saved: tf.Tensor[], attrs) {
    const [x, scale, mean, variance] = saved;
    const sums = lazily(
      () => tf.engine().runKernel(BatchNormSums, { x, dy, mean }) as unknown as tf.Tensor[],
    );
    const rstd = () => tf.rsqrt(tf.add(variance, (attrs as unknown as FusedBatchNormAttrs).varianceEpsilon));
    return {
      x: () => {
        const [sum, product] = sums();
        const inputs = { x, dy, mean, variance, scale, sum, product };
        return tf.engine().runKernel(NormalizeBatchInput, inputs, attrs) as tf.Tensor;
      },
      scale: () => tf.mul(rstd(), sums()[1]),
      offset: () => tf.clone(sums()[0]),
    };
  },
} as tf.GradConfig);
