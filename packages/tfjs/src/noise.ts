import { deriveSeed, hash32 } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs-core';
import { native } from './native';
import { operation } from './operation';

/**
 * Two 32-bit integers that name a stream of Gaussian numbers. The numbers of a stream are a pure function of key and
 * position, so they can be drawn again instead of stored.
 *
 * `example`, an even number (default 0), is the one that an array begins with (on its first axis) where it is part of
 * a larger one: each example has the same noise, however the examples are cut into batches.
 */
export type NoiseKey = readonly [k0: number, k1: number, example?: number];

/** The key of a stream: differs for every seed and every path of integers (layer, step, sample, call). */
export function deriveKey(seed: number, ...path: readonly number[]): NoiseKey {
  return [deriveSeed(seed, ...path, 0), deriveSeed(seed, ...path, 1)];
}

const TABLE_BITS = 12;
const TABLE_SIZE = 1 << TABLE_BITS;
const TABLE_SHIFT = 32 - TABLE_BITS;
// Written out, because V8 does not fold powers and does not turn a division into a multiplication.
const UNIT = 2 ** -32;
const CELL = 1 / TABLE_SIZE;
const ANGLE_MASK = 2 ** TABLE_SHIFT - 1;
const ANGLE_UNIT = 2 * Math.PI * UNIT;
const THIRD = 1 / 3;
const SIXTH = 1 / 6;
/** cos(2πi/n) and sin(2πi/n): the angle needs no more than the table and one step of angle addition. */
const COS = Float64Array.from({ length: TABLE_SIZE }, (_, i) => Math.cos((2 * Math.PI * i) / TABLE_SIZE));
const SIN = Float64Array.from({ length: TABLE_SIZE }, (_, i) => Math.sin((2 * Math.PI * i) / TABLE_SIZE));
/** ln(1 + (i + ½)/n) with the reciprocal of its argument: the radius needs the table and a short series. */
const LOG = Float64Array.from({ length: TABLE_SIZE }, (_, i) => Math.log1p((i + 0.5) / TABLE_SIZE));
const INVERSE = Float64Array.from({ length: TABLE_SIZE }, (_, i) => 1 / (1 + (i + 0.5) / TABLE_SIZE));

/** The integers that the hash is keyed with: no stream is a shifted copy of one whose key has another first word. */
function hashKey([k0, k1, example = 0]: NoiseKey, shape: readonly number[] = []) {
  const perExample = shape.slice(1).reduce((size, n) => size * n, 1);
  return { k0: (k0 + example * perExample) | 0, k1: (k1 + hash32(k0)) | 0 };
}

/**
 * Fills `out`, an array of the given shape (default: flat), with standard normal numbers of the stream of `key`.
 *
 * A counter goes through two rounds of a 32-bit hash, keyed between them; the second is taken twice, under two keys, and
 * the pair of uniforms becomes a pair of normals by Box–Muller. Logarithm, cosine and sine come from tables of 4096 entries and a short
 * series (error far under float32's), which makes this several times faster than `Math.log` and
 * `Math.cos`, and free of allocation. The radius uses all 32 bits: tails reach 6.6 σ.
 */
export function fillGaussian(out: Float32Array, key: NoiseKey, shape?: readonly number[]): void {
  const { k0, k1 } = hashKey(key, shape);
  const n = out.length;
  for (let i = 0; i < n; i += 2) {
    // hash32, unrolled by hand: a call per number costs a third of the speed.
    let h = (i + k0) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    const state = h ^ (h >>> 15) ^ k1;
    h = state;
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    const u = (h ^ (h >>> 15)) >>> 0;
    let a = state ^ 0x9e3779b9;
    a = Math.imul(a ^ (a >>> 16), 0x21f0aaad);
    a = Math.imul(a ^ (a >>> 15), 0x735a2d97);
    const v = (a ^ (a >>> 15)) >>> 0;

    // −ln((u + ½) 2⁻³²) = (1 + zeros) ln 2 − ln m, with the mantissa m in [1, 2) read off the leading bits.
    const zeros = Math.clz32(u);
    const shifted = zeros < 31 ? (u << (zeros + 1)) >>> 0 : 0;
    const cell = shifted >>> TABLE_SHIFT;
    const fine = (shifted * UNIT - (cell + 0.5) * CELL) * INVERSE[cell];
    const logarithm = LOG[cell] + fine * (1 - fine * (0.5 - fine * THIRD));
    const radius = Math.sqrt(Math.max(0, 2 * ((zeros + 1) * Math.LN2 - logarithm)));

    const turn = v >>> TABLE_SHIFT;
    const rest = (v & ANGLE_MASK) * ANGLE_UNIT;
    const cosRest = 1 - 0.5 * rest * rest;
    const sinRest = rest * (1 - rest * rest * SIXTH);
    out[i] = radius * (COS[turn] * cosRest - SIN[turn] * sinRest);
    if (i + 1 < n) out[i + 1] = radius * (SIN[turn] * cosRest + COS[turn] * sinRest);
  }
}

/**
 * Fills `out`, an array of the given shape (default: flat), with numbers uniform in (0, 1), of the stream of `key`: the
 * integers that {@link fillGaussian} makes its pairs of. For few numbers, such as one for each example.
 */
export function fillUniform(out: Float32Array, key: NoiseKey, shape?: readonly number[]): void {
  const { k0, k1 } = hashKey(key, shape);
  // 24 bits, all that a float32 can tell apart, so that rounding never gives 1.
  for (let i = 0; i < out.length; i++) out[i] = ((hash32(hash32(i + k0) ^ k1) >>> 8) + 0.5) * 2 ** -24;
}

/** Standard normal numbers of the given shape: the first ones of the stream of `key`, the same every time. */
export function gaussian(shape: readonly number[], key: NoiseKey): tf.Tensor {
  const drawn = native('CrossregGaussian', {}, { ...hashKey(key, shape), shape: shape as number[] });
  if (drawn) return drawn;
  const values = new Float32Array(tf.util.sizeFromShape(shape as number[]));
  fillGaussian(values, key, shape);
  return tf.tensor(values, shape as number[], 'float32');
}

/**
 * x + scale · ε, with ε the Gaussian stream of `key` in the shape of `x`.
 *
 * Differentiable in `x` and in `scale`. ε is not kept for the backward pass but drawn again, and only if someone
 * asks for the gradient of the scale, which a training step does not.
 *
 * @param x - any shape, float32.
 * @param scale - standard deviations: a scalar, or one per channel (last axis of `x`).
 */
export function addNoise(x: tf.Tensor, scale: tf.Tensor, key: NoiseKey): tf.Tensor {
  const { shape } = x;
  const leading = Array.from({ length: shape.length - scale.rank }, (_, axis) => axis);
  const hashed = hashKey(key, shape);
  return operation(
    { x, scale },
    () => native('CrossregAddNoise', { x, scale }, hashed) ?? tf.add(x, tf.mul(gaussian(shape, key), scale)),
    (dy) => ({
      x: () => tf.clone(dy),
      scale: () =>
        native('CrossregNoiseProducts', { dy }, { ...hashed, perChannel: scale.rank === 1 }) ??
        tf.sum(tf.mul(dy, gaussian(shape, key)), leading),
    }),
  );
}

/** A seeded source of keys, one after the other. Seed and count are all its state: save them and go on later. */
export class NoiseStream {
  constructor(
    readonly seed: number,
    /** How many keys were drawn. */
    public count = 0,
    /** The example that the arrays begin with, see {@link NoiseKey}. */
    readonly example = 0,
  ) {}

  next(): NoiseKey {
    const [k0, k1] = deriveKey(this.seed, this.count++);
    return [k0, k1, this.example];
  }
}

let current = new NoiseStream(hash32(Math.floor(Math.random() * 2 ** 32)));
let sampling = false;

/** The stream that noise layers draw their keys from: the innermost {@link withNoise}, or one seeded at random. */
export const currentNoise = (): NoiseStream => current;

/**
 * Whether this is inside {@link withNoise}: the pass is one draw of an averaged prediction. Layers that are random in
 * training only and quiet in a plain prediction, such as an augmentation, are random here too.
 */
export const isSampling = (): boolean => sampling;

/** Runs `f` (synchronous) with the given stream, so that every draw in it is determined by the stream's state. */
export function withNoise<R>(stream: NoiseStream, f: () => R): R {
  const outer = { current, sampling };
  [current, sampling] = [stream, true];
  try {
    return f();
  } finally {
    ({ current, sampling } = outer);
  }
}

/**
 * Seeds the stream that is used outside any {@link withNoise}.
 *
 * @param count - how many keys were drawn already, to go on where a run ended. Default 0.
 */
export function seedNoise(seed: number, count = 0): void {
  current = new NoiseStream(seed, count);
}
