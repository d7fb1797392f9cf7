import { ArgumentError, deriveSeed } from '@crossreg/core';
import { checkSeed, hash32, show } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import { backendKernel } from './backendKernel';
import { checkTensors } from './checkTensors';
import { fillByKernel } from './gaussianKernel';
import { addHostNoise } from './hostNoise';
import { addNoiseShader, gaussianShader } from './noiseShader';
import { operation } from './operation';
import { fillPortable } from './portableGaussian';

/**
 * Two 32-bit integers that name a stream of Gaussian numbers. The numbers of a stream are a pure function of key and position,
 * so they can be drawn again instead of stored.
 *
 * `example`, an even number (default 0), is the index of the first example if the array is part of a larger one. So each
 * example gets the same noise, however the examples are divided into batches.
 *
 * `antithetic` (default false): the second half of the first axis holds the negatives of the first half (antithetic draws). For
 * uniform numbers u it holds 1 − u.
 */
export type NoiseKey = readonly [k0: number, k1: number, example?: number, antithetic?: boolean];

const unmirrored = ([k0, k1, example]: NoiseKey): NoiseKey => [k0, k1, example];

/** The shape of the first half, which an antithetic key draws. */
function halfOf([count, ...rest]: readonly number[]): number[] {
  if (count % 2 === 0) return [count / 2, ...rest];
  throw new ArgumentError(
    'key',
    `is antithetic, which needs an even number of rows, but the array has ${count}. Give an even number of examples, or draw without pairs.`,
  );
}

/** The key of a stream. It differs for every seed and every path of integers (layer, step, sample, call). */
export function deriveKey(seed: number, ...path: readonly number[]): NoiseKey {
  return [deriveSeed(seed, ...path, 0), deriveSeed(seed, ...path, 1)];
}

/** The integers that key the hash. No stream is a shifted copy of a stream whose key has another first word. */
function hashKey([k0, k1, example = 0]: NoiseKey, shape: readonly number[] = []) {
  const perExample = shape.slice(1).reduce((size, n) => size * n, 1);
  return { k0: (k0 + example * perExample) | 0, k1: (k1 + hash32(k0)) | 0 };
}

/**
 * Fills `out`, an array of the given shape (default: flat), with standard normal numbers of the stream of `key`. It uses a SIMD
 * kernel if the engine supports one, and JavaScript otherwise, with the same numbers up to float32 rounding.
 */
export function fillGaussian(out: Float32Array, key: NoiseKey, shape?: readonly number[]): void {
  if (key[3]) {
    fillMirrored(fillGaussian, out, key, shape, (number) => -number);
    return;
  }
  const { k0, k1 } = hashKey(key, shape);
  (fillByKernel() ?? fillPortable)(out, k0, k1);
}

function fillMirrored(
  fill: typeof fillGaussian,
  out: Float32Array,
  key: NoiseKey,
  shape: readonly number[] | undefined,
  mirror: (number: number) => number,
): void {
  const half = halfOf(shape ?? [out.length]);
  const count = out.length / 2;
  fill(out.subarray(0, count), unmirrored(key), half);
  for (let i = 0; i < count; i++) out[count + i] = mirror(out[i]);
}

/**
 * Fills `out`, an array of the given shape (default: flat), with numbers uniform in (0, 1) from the stream of `key`: the
 * integers from which {@link fillGaussian} makes its pairs. Meant for few numbers, such as one per example.
 */
export function fillUniform(out: Float32Array, key: NoiseKey, shape?: readonly number[]): void {
  if (key[3]) {
    fillMirrored(fillUniform, out, key, shape, (number) => 1 - number);
    return;
  }
  const { k0, k1 } = hashKey(key, shape);
  // 24 bits are all that a float32 can represent, so rounding never gives 1.
  for (let i = 0; i < out.length; i++) out[i] = ((hash32(hash32(i + k0) ^ k1) >>> 8) + 0.5) * 2 ** -24;
}

/** Standard normal numbers of the given shape: the first ones of the stream of `key`, the same every time. */
export function gaussian(shape: readonly number[], key: NoiseKey): tf.Tensor {
  if (key[3]) {
    return tf.tidy(() => {
      const half = gaussian(halfOf(shape), unmirrored(key));
      return tf.concat([half, tf.neg(half)]);
    });
  }
  const attrs = { ...hashKey(key, shape), shape: shape as number[] };
  const drawn = backendKernel('CrossregGaussian', {}, attrs, gaussianShader);
  if (drawn) return drawn;
  const values = new Float32Array(tf.util.sizeFromShape(shape as number[]));
  fillGaussian(values, key, shape);
  return tf.tensor(values, shape as number[], 'float32');
}

/**
 * x + scale · ε, where ε is the Gaussian stream of `key` in the shape of `x`.
 *
 * Differentiable in `x` and in `scale`. The backward pass draws ε again instead of storing it, and only if the gradient of the
 * scale is needed. In a training step it is not.
 *
 * @param x - any shape.
 * @param scale - standard deviations: a scalar, or one per channel (last axis of `x`).
 * @throws ArgumentError for a scale of another shape. Kernels would take its numbers for those of the channels.
 * @example
 * ```ts
 * const noisy = addNoise(tf.ones([2, 3]), tf.scalar(0.1), deriveKey(1, 0));
 * ```
 */
export function addNoise(x: tf.Tensor, scale: tf.Tensor, key: NoiseKey): tf.Tensor {
  checkTensors('scale', [scale]);
  // Kernels read float32 from memory, whatever is there.
  if (x.dtype !== 'float32' || scale.dtype !== 'float32') {
    return tf.tidy(() => addNoise(tf.cast(x, 'float32'), tf.cast(scale, 'float32'), key));
  }
  const { shape } = x;
  checkScale(scale, shape);
  const mirrored = key[3] === true;
  if (mirrored) halfOf(shape);
  const drawn = { ...hashKey(key, shape), mirrored };
  return operation(
    { x, scale },
    () =>
      backendKernel('CrossregAddNoise', { x, scale }, drawn, addNoiseShader) ??
      addHostNoise(x, scale, drawn) ??
      tf.add(x, tf.mul(gaussian(shape, key), scale)),
    (dy) => ({
      x: () => tf.clone(dy),
      scale: () => noiseProducts(dy, scale.rank === 1, key, drawn),
    }),
  );
}

/**
 * Σ dy · ε, over everything or over all axes but the last: the gradient of a scale. Differentiable in `dy`, as second derivatives by
 * weights and scales need it.
 */
function noiseProducts(dy: tf.Tensor, perChannel: boolean, key: NoiseKey, drawn: object): tf.Tensor {
  const leading = dy.shape.map((_, axis) => axis).slice(0, perChannel ? -1 : undefined);
  return operation(
    { dy },
    () =>
      backendKernel('CrossregNoiseProducts', { dy }, { ...drawn, perChannel }) ??
      tf.sum(tf.mul(dy, gaussian(dy.shape, key)), leading),
    (dsum) => ({ dy: () => tf.mul(gaussian(dy.shape, key), dsum) }),
  );
}

function checkScale({ rank, shape }: tf.Tensor, of: readonly number[]): void {
  if (rank === 0 || (rank === 1 && of.length > 0 && shape[0] === of[of.length - 1])) return;
  throw new ArgumentError(
    'scale',
    `must be a scalar, or [channels] with one number for each entry of the last axis of x [${of}], but is [${shape}]. ` +
      'For a scale that broadcasts otherwise, write tf.add(x, tf.mul(gaussian(x.shape, key), scale)).',
  );
}

/** A seeded source of keys, one after the other. Seed and count are its whole state: save them to continue later. */
export class NoiseStream {
  /** @throws ArgumentError for a seed that is not a whole number. */
  constructor(
    readonly seed: number,
    /** How many keys have been drawn. */
    public count = 0,
    /** The index of the first example of each array, see {@link NoiseKey}. */
    readonly example = 0,
    /** Whether arrays are drawn as pairs ±ε, see {@link NoiseKey}. */
    readonly antithetic = false,
  ) {
    checkSeed('seed', seed);
  }

  next(): NoiseKey {
    const [k0, k1] = deriveKey(this.seed, this.count++);
    return [k0, k1, this.example, this.antithetic];
  }
}

interface AmbientNoise {
  current: NoiseStream;
  sampling: boolean;
}

const shared: unique symbol = Symbol.for('@crossreg/tfjs noise');

function ambientOf(process: { [shared]?: AmbientNoise }): AmbientNoise {
  process[shared] ??= {
    current: new NoiseStream(hash32(Math.floor(Math.random() * 2 ** 32))),
    sampling: false,
  };
  return process[shared];
}

/**
 * The current stream, and whether {@link withNoise} set it. A program may load this module more than once, as an ES module and
 * by `require`. All copies share one stream, so a seed set through one copy holds for layers made by another.
 */
const ambient = ambientOf(globalThis as { [shared]?: AmbientNoise });

/** The stream from which noise layers draw their keys: the innermost {@link withNoise}, or one with a random seed. */
export const currentNoise = (): NoiseStream => ambient.current;

/**
 * Whether this is inside {@link withNoise}, so that the pass is one draw of an averaged prediction. Layers that are random only
 * in training, such as an augmentation, are random here too.
 */
export const isSampling = (): boolean => ambient.sampling;

/**
 * Runs `f` with the given stream. The state of the stream determines every draw in it.
 *
 * @throws ArgumentError for an `f` that returns a promise: what it draws after its first `await` is not of this stream.
 */
export function withNoise<R>(stream: NoiseStream, f: () => R): R {
  const outer = { ...ambient };
  Object.assign(ambient, { current: stream, sampling: true });
  try {
    const result = f();
    if (typeof (result as { then?: unknown } | undefined)?.then !== 'function') return result;
    throw new ArgumentError(
      'f',
      `must be synchronous, but returns ${show(result)}. What it draws after its first await is not of the stream: call seedNoise(seed) before such code.`,
    );
  } finally {
    Object.assign(ambient, outer);
  }
}

/**
 * Seeds the stream that is used outside any {@link withNoise}.
 *
 * @param count - how many keys were already drawn, to continue where a run ended. Default 0.
 */
export function seedNoise(seed: number, count = 0): void {
  ambient.current = new NoiseStream(seed, count);
}
