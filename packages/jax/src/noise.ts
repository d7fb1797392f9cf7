import { ArgumentError } from '@crossreg/core';
import { checkOptions, show } from '@crossreg/core/internal';
import { type Array as JaxArray, lax, numpy as np, random } from '@jax-js/jax';

export interface AddNoiseOptions {
  /**
   * s_c, `[channels]`: what σ is relative to. Default: the standard deviation of each channel of `x` itself, as in
   * training. Give what training gathered ({@link channelDeviation}) where a prediction must not depend on its batch.
   */
  deviation?: JaxArray;
  /** The axis of the channels, counted from the end where negative. Default −1; 1 for the images that jax-js convolves. */
  channelAxis?: number;
  /**
   * Whether the second half of the rows has the noise of the first half with its sign turned, see
   * {@link averagedPrediction}. Default false.
   */
  pairs?: boolean;
}

/**
 * x + σ · s_c · ε with ε ~ N(0, I), where s_c is the standard deviation of channel c (docs/method.md §3). No gradient flows
 * through s_c: σ means the same however large the activations are, and a network cannot drown the noise by scaling them
 * up. With σ = 0 it is `x` to the bit.
 *
 * @param x - `[rows, …, channels]`, or with the channels where `channelAxis` says. Consumed, like all arrays here.
 * @param sigma - σ ≥ 0, a scalar or `[channels]`.
 * @param key - of jax-js's random numbers. One key draws the same noise each time: `random.split` it for every use.
 * @throws ArgumentError for a batch with one value per channel, whose deviation is unknown, or pairs of an odd number of rows.
 * @example
 * const hidden = nn.relu(addNoise(np.dot(x, params.kernel), sigma.hidden, key));
 */
export function addNoise(
  x: JaxArray,
  sigma: JaxArray,
  key: JaxArray,
  options: AddNoiseOptions = {},
): JaxArray {
  checkOptions('addNoise', options, { deviation: 1, channelAxis: 1, pairs: 1 });
  const { deviation, channelAxis = -1, pairs = false } = options;
  const { shape, dtype } = x;
  if (shape.length < 2) {
    throw new ArgumentError(
      'x',
      `must have rows and channels, but its shape is ${show(shape)}. Give activations [examples, …, channels].`,
    );
  }
  const [rows, ...rest] = shape;
  if (pairs && rows % 2 !== 0) {
    throw new ArgumentError('pairs', `need an even number of rows, but there are ${rows}. Repeat every row.`);
  }
  const axis = axisOf(channelAxis, shape);
  /** One number a channel, in a shape that broadcasts against x. */
  const spread = (one: JaxArray) =>
    one.ndim === 0 ? one : one.reshape(shape.map((n, i) => (i === axis ? n : 1)));
  const scale = spread(lax.stopGradient(deviation ?? channelDeviation(x.ref, axis))).mul(spread(sigma));
  const drawn = random.normal(key, [pairs ? rows / 2 : rows, ...rest]);
  const noise = pairs ? np.concatenate([drawn.ref, np.negative(drawn)], 0) : drawn;
  return x.add(noise.astype(dtype).mul(scale));
}

/**
 * The unbiased standard deviation of every channel, √(Σ(x − x̄)²/(n − 1)) over all axes but that of the channels: `[channels]`.
 *
 * @param x - `[rows, …, channels]`. Consumed.
 * @param channelAxis - counted from the end where negative. Default −1.
 * @throws ArgumentError where each channel has a single value.
 */
export function channelDeviation(x: JaxArray, channelAxis = -1): JaxArray {
  const { shape } = x;
  const axis = axisOf(channelAxis, shape);
  const count = shape.reduce((product, n) => product * n, 1) / shape[axis];
  if (count < 2) {
    throw new ArgumentError(
      'x',
      `has one value per channel, in shape ${show(shape)}, whose standard deviation is unknown. Give the option deviation.`,
    );
  }
  const others = shape.map((_, i) => i).filter((i) => i !== axis);
  const centered = x.ref.sub(np.mean(x, others, { keepdims: true }));
  return np.sqrt(np.sum(np.square(centered), others).div(count - 1));
}

function axisOf(channelAxis: number, shape: readonly number[]): number {
  const axis = channelAxis < 0 ? channelAxis + shape.length : channelAxis;
  if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) {
    throw new ArgumentError(
      'channelAxis',
      `is ${show(channelAxis)}, but the shape is ${show(shape)}. Use -1, or 1 where channels come first.`,
    );
  }
  return axis;
}
