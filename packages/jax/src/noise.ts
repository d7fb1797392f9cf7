import { ArgumentError } from '@crossreg/core';
import { checkOptions, show } from '@crossreg/core/internal';
import { type Array as JaxArray, lax, numpy as np, random } from '@jax-js/jax';

export interface AddNoiseOptions {
  /**
   * s_c, `[channels]`: σ is relative to it. Default: the standard deviation of each channel of `x` itself, as in training. Pass
   * the one measured in training ({@link channelStd}) if a prediction must not depend on its batch.
   */
  std?: JaxArray;
  /** The axis of the channels, counted from the end where negative. Default −1; 1 for the images that jax-js convolves. */
  axis?: number;
  /**
   * Whether the second half of the rows gets the negated noise of the first half, see {@link averagedPrediction}. Default
   * false.
   */
  antithetic?: boolean;
}

/**
 * x + σ · s_c · ε with ε ~ N(0, I), where s_c is the standard deviation of channel c (docs/method.md §3). No gradient flows
 * through s_c: σ means the same however large the activations are, and a network cannot drown the noise by scaling them
 * up. With σ = 0 it is `x` to the bit.
 *
 * @param x - `[rows, …, channels]`, or with the channels where `axis` says. Consumed, like all arrays here.
 * @param sigma - σ ≥ 0, a scalar or `[channels]`.
 * @param key - of jax-js's random numbers. One key draws the same noise each time: `random.split` it for every use.
 * @throws ArgumentError for a batch with one value per channel, whose standard deviation is unknown, or antithetic noise for an odd number of rows.
 * @example
 * const hidden = nn.relu(addNoise(np.dot(x, params.kernel), sigma.hidden, key));
 */
export function addNoise(
  x: JaxArray,
  sigma: JaxArray,
  key: JaxArray,
  options: AddNoiseOptions = {},
): JaxArray {
  checkOptions('addNoise', options, { std: 1, axis: 1, antithetic: 1 });
  const { std, axis = -1, antithetic = false } = options;
  const { shape, dtype } = x;
  if (shape.length < 2) {
    throw new ArgumentError(
      'x',
      `must have rows and channels, but its shape is ${show(shape)}. Give activations [examples, …, channels].`,
    );
  }
  const [rows, ...rest] = shape;
  if (antithetic && rows % 2 !== 0) {
    throw new ArgumentError(
      'antithetic',
      `needs an even number of rows, but there are ${rows}. Repeat every row.`,
    );
  }
  const channels = axisOf(axis, shape);
  /** One number a channel, in a shape that broadcasts against x. */
  const spread = (one: JaxArray) =>
    one.ndim === 0 ? one : one.reshape(shape.map((n, i) => (i === channels ? n : 1)));
  const scale = spread(lax.stopGradient(std ?? channelStd(x.ref, channels))).mul(spread(sigma));
  const drawn = random.normal(key, [antithetic ? rows / 2 : rows, ...rest]);
  const noise = antithetic ? np.concatenate([drawn.ref, np.negative(drawn)], 0) : drawn;
  // Integers, such as pixels, become real numbers: noise rounded to their type would be none.
  const isReal = String(dtype).startsWith('float');
  return x.add((isReal ? noise.astype(dtype) : noise).mul(scale));
}

/**
 * The unbiased standard deviation of every channel, √(Σ(x − x̄)²/(n − 1)) over all axes but that of the channels: `[channels]`.
 *
 * @param x - `[rows, …, channels]`. Consumed.
 * @param axis - counted from the end where negative. Default −1.
 * @throws ArgumentError where each channel has a single value.
 */
export function channelStd(x: JaxArray, axis = -1): JaxArray {
  const { shape } = x;
  const channels = axisOf(axis, shape);
  const count = shape.reduce((product, n) => product * n, 1) / shape[channels];
  if (count < 2) {
    throw new ArgumentError(
      'x',
      `has a single value per channel (its shape is ${show(shape)}), which has no standard deviation. Give the option std.`,
    );
  }
  const others = shape.map((_, i) => i).filter((i) => i !== channels);
  const centered = x.ref.sub(np.mean(x, others, { keepdims: true }));
  return np.sqrt(np.sum(np.square(centered), others).div(count - 1));
}

function axisOf(axis: number, shape: readonly number[]): number {
  const fromStart = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(fromStart) || fromStart < 0 || fromStart >= shape.length) {
    throw new ArgumentError(
      'axis',
      `is ${show(axis)}, but the shape is ${show(shape)}. Use -1, or 1 if the channels come first.`,
    );
  }
  return fromStart;
}
