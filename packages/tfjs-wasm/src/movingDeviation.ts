import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { writeMoments } from './batchNorm';
import { defineKernel } from './define';

/** In the order in which their next values are given. */
type Weights = Record<'sum_of_squares' | 'degrees_of_freedom' | 'last_mean' | 'last_count', TensorInfo>;

/**
 * What `MovingDeviation` of `@crossreg/tfjs-layers` computes for a training batch, channels last: the deviation of each
 * channel, and the next weights. The operations there define the numbers.
 */
export const movingDeviation = defineKernel<Weights & { x: TensorInfo }, { momentum: number }>(
  'CrossregMovingDeviation',
  ({ inputs: { x, ...weights }, attrs: { momentum }, backend, kernels }) => {
    const { sum_of_squares, degrees_of_freedom, last_mean, last_count } = weights;
    const { shape } = sum_of_squares;
    const channels = sizeOf(shape);
    const count = sizeOf(x.shape) / channels;
    const [mean, variance] = writeMoments(kernels, backend, x);
    const outputs = [shape, [], []].map((each) => backend.makeOutput(each, 'float32'));
    const places = [
      sum_of_squares,
      degrees_of_freedom,
      last_mean,
      last_count,
      mean,
      variance,
      ...outputs,
    ].map((tensor) => kernels.address(tensor) >>> 2);
    const [squares, degrees, lastMean, lastCount, means, deviations] = places;
    const [nextSquares, nextDegrees, nextCount] = places.slice(6);
    const numbers = kernels.numbers();

    // A single value is compared with the mean of the batch before, if there was one.
    const before = count === 1 ? numbers[lastCount] : 0;
    const told = count === 1 ? Math.sign(before) : count - 1;
    numbers[nextDegrees] = numbers[degrees] * momentum + told;
    numbers[nextCount] = count;
    for (let i = 0; i < channels; i++) {
      const difference = numbers[means + i] - numbers[lastMean + i];
      const square =
        count === 1 ? (difference ** 2 * before) / (before + 1) : numbers[deviations + i] * count;
      numbers[nextSquares + i] = numbers[squares + i] * momentum + square;
      const [sum, freedom] = count === 1 ? [numbers[nextSquares + i], numbers[nextDegrees]] : [square, told];
      numbers[deviations + i] = freedom > 0 ? Math.sqrt(sum / freedom) : 1;
    }
    const [squaresOut, degreesOut, countOut] = outputs;
    return [variance, squaresOut, degreesOut, mean, countOut];
  },
);
