// Standard normal numbers that are a pure function of a key and a position, in the same stream as fillGaussian of
// @crossreg/tfjs: a counter through keyed rounds of a 32-bit hash, pairs of uniforms by Box–Muller. Eight numbers at a
// time: four pairs side by side. With fused multiply-adds, the last bit may differ.
import { arg, fma, loadLanes, storeLanes, zero } from './simd';

// The constants of draw, by their place in a table in memory. V8 folds such a load into the arithmetic, while a vector constant
// takes three instructions at every use.
const MULTIPLIER_1: usize = 0;
const MULTIPLIER_2: usize = 4;
const SECOND_KEY: usize = 8;
const HALF: usize = 12;
const ROOT_HALF: usize = 16;
const ONE: usize = 20;
const LOG_9: usize = 24;
const LOG_7: usize = 28;
const LOG_5: usize = 32;
const LOG_3: usize = 36;
const BITS: usize = 40;
const TWICE_LN_2: usize = 44;
const ONE_BIT: usize = 48;
const EIGHTH_TURN: usize = 52;
const ANGLE_UNIT: usize = 56;
const SIN_7: usize = 60;
const SIN_5: usize = 64;
const SIN_3: usize = 68;
const COS_8: usize = 72;
const COS_6: usize = 76;
const COS_4: usize = 80;
const COS_2: usize = 84;
const TWO_BIT: usize = 88;

/** Writes the table that the other functions here take as `constants`, 92 bytes. args: table. */
export function noiseConstants(args: usize, from: i32, to: i32): void {
  const t = <usize>arg(args, 0);
  // The multipliers of hash32 of @crossreg/core, and the number that makes the second hash of a pair different from the first.
  store<i32>(t + MULTIPLIER_1, 0x21f0aaad);
  store<i32>(t + MULTIPLIER_2, 0x735a2d97);
  store<i32>(t + SECOND_KEY, 0x9e3779b9);
  store<f32>(t + HALF, 0.5);
  store<i32>(t + ROOT_HALF, 0x3f3504f3); // the bits of √½
  store<f32>(t + ONE, 1);
  store<f32>(t + LOG_9, <f32>(-4 / 7.0));
  store<f32>(t + LOG_7, <f32>(-4 / 5.0));
  store<f32>(t + LOG_5, <f32>(-4 / 3.0));
  store<f32>(t + LOG_3, -4);
  store<i32>(t + BITS, 31);
  store<f32>(t + TWICE_LN_2, <f32>1.3862943611198906);
  store<i32>(t + ONE_BIT, 1);
  store<i32>(t + EIGHTH_TURN, 0x20000000);
  store<f32>(t + ANGLE_UNIT, <f32>1.4629180792671596e-9); // 2π / 2³²
  store<f32>(t + SIN_7, <f32>-1.9515295891e-4);
  store<f32>(t + SIN_5, <f32>8.3321608736e-3);
  store<f32>(t + SIN_3, <f32>-1.6666654611e-1);
  store<f32>(t + COS_8, <f32>2.443315711809948e-5);
  store<f32>(t + COS_6, <f32>-1.388731625493765e-3);
  store<f32>(t + COS_4, <f32>4.166664568298827e-2);
  store<f32>(t + COS_2, -0.5);
  store<i32>(t + TWO_BIT, 2);
}

// @ts-ignore: decorator
@inline
function constant(table: usize, place: usize): v128 {
  return v128.load32_splat(table + place);
}

/** One round of hash32 of @crossreg/core on four integers. */
// @ts-ignore: decorator
@inline
function hash(h: v128, constants: usize): v128 {
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), constant(constants, MULTIPLIER_1));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 15)), constant(constants, MULTIPLIER_2));
  return v128.xor(h, i32x4.shr_u(h, 15));
}

/**
 * √(−2 ln((u/2 + ½) 2⁻³¹)): halved, because engines convert signed integers in one instruction. The logarithm is
 * ln m = 2 artanh((m − 1)/(m + 1)) for the mantissa m in [√½, √2).
 */
// @ts-ignore: decorator
@inline
function radius(u: v128, constants: usize): v128 {
  const bits = f32x4.add(f32x4.convert_i32x4_s(i32x4.shr_u(u, 1)), constant(constants, HALF));
  // The exponent that leaves a mantissa of at least √½.
  const exponent = i32x4.shr_s(i32x4.sub(bits, constant(constants, ROOT_HALF)), 23);
  const mantissa = i32x4.sub(bits, i32x4.shl(exponent, 23));
  const one = constant(constants, ONE);
  const s = f32x4.div(f32x4.sub(mantissa, one), f32x4.add(mantissa, one));
  const z = f32x4.mul(s, s);
  let series = fma(z, constant(constants, LOG_9), constant(constants, LOG_7));
  series = fma(z, series, constant(constants, LOG_5));
  series = fma(z, series, constant(constants, LOG_3));
  const turns = f32x4.convert_i32x4_s(i32x4.sub(constant(constants, BITS), exponent));
  const square = fma(s, series, f32x4.mul(turns, constant(constants, TWICE_LN_2)));
  // Where u is largest, rounding can give a number just below 0.
  return f32x4.sqrt(f32x4.pmax(square, zero()));
}

/** The results of {@link draw}, because functions in AssemblyScript return only one value. */
let low: v128 = zero();
let high: v128 = zero();

/** Writes the eight numbers from an even `position` on to {@link low} and {@link high}. */
function draw(position: i32, k0: i32, k1: i32, constants: usize): void {
  const counter = i32x4.add(i32x4.splat(position + k0), i32x4(0, 2, 4, 6));
  const state = v128.xor(hash(counter, constants), i32x4.splat(k1));
  const u = hash(state, constants);
  const v = hash(v128.xor(state, constant(constants, SECOND_KEY)), constants);
  const r = radius(u, constants);

  // The angle 2π v/2³² is `quarter` right angles and a remainder in [−π/4, π/4).
  const quarter = i32x4.shr_s(i32x4.add(v, constant(constants, EIGHTH_TURN)), 30);
  const rest = i32x4.sub(v, i32x4.shl(quarter, 30));
  const t = f32x4.mul(f32x4.convert_i32x4_s(rest), constant(constants, ANGLE_UNIT));
  const z = f32x4.mul(t, t);
  let sin = fma(z, constant(constants, SIN_7), constant(constants, SIN_5));
  sin = fma(z, sin, constant(constants, SIN_3));
  sin = fma(f32x4.mul(z, t), sin, t);
  let cos = fma(z, constant(constants, COS_8), constant(constants, COS_6));
  cos = fma(z, cos, constant(constants, COS_4));
  cos = fma(z, cos, constant(constants, COS_2));
  cos = fma(z, cos, constant(constants, ONE));

  // In odd quarters sine and cosine change places: a mask of the lowest bit of `quarter`.
  const isOdd = i32x4.shr_s(i32x4.shl(quarter, 31), 31);
  const c = v128.bitselect(sin, cos, isOdd), s = v128.bitselect(cos, sin, isOdd);
  // cos is negative in quarters 1 and 2, sin in 2 and 3: the second bit of quarter + 1, and of quarter.
  const two = constant(constants, TWO_BIT);
  const signC = i32x4.shl(v128.and(i32x4.add(quarter, constant(constants, ONE_BIT)), two), 30);
  const signS = i32x4.shl(v128.and(quarter, two), 30);
  const x = f32x4.mul(r, v128.xor(c, signC)), y = f32x4.mul(r, v128.xor(s, signS));
  low = i8x16.shuffle(x, y, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
  high = i8x16.shuffle(x, y, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
}

/** Numbers in a unit of work. */
const UNIT: i32 = 4096;

/** out[p] = ε[p]. args: out, count, key, constants. A unit is 4096 numbers. */
export function gaussian(args: usize, from: i32, to: i32): void {
  const output = <usize>arg(args, 0), k0 = arg(args, 2), k1 = arg(args, 3), constants = <usize>arg(args, 4);
  const end = min(arg(args, 1), to * UNIT);
  for (let p = from * UNIT; p < end; p += 8) {
    draw(p, k0, k1, constants);
    storeEight(output + (<usize>p << 2), low, high, end - p);
  }
}

// @ts-ignore: decorator
@inline
function storeEight(to: usize, first: v128, second: v128, count: i32): void {
  if (count >= 8) {
    v128.store(to, first);
    v128.store(to, second, 16);
  } else {
    storeLanes(to, first, count);
    if (count > 4) storeLanes(to + 16, second, count - 4);
  }
}

/**
 * out[p] = in[p] + table[p mod channels] · ε[p].
 * args: in, table, out, count, channels, key, constants, mirror. The table repeats its first 8 entries at its end, so that
 * eight neighbours can be loaded at any channel. A unit is 4096 numbers. Where `mirror` is not 0, the number at p + mirror gets
 * −ε[p].
 */
export function addNoise(args: usize, from: i32, to: i32): void {
  const input = <usize>arg(args, 0), table = <usize>arg(args, 1), output = <usize>arg(args, 2);
  const channels = arg(args, 4), k0 = arg(args, 5), k1 = arg(args, 6), constants = <usize>arg(args, 7);
  const mirror = <usize>arg(args, 8) << 2;
  const end = min(arg(args, 3), to * UNIT);
  let p = from * UNIT;
  let c = p % channels;
  for (; p < end; p += 8) {
    draw(p, k0, k1, constants);
    const x = input + (<usize>p << 2), y = output + (<usize>p << 2), s = table + (<usize>c << 2), left = end - p;
    const first = fma(low, v128.load(s), loadLanes(x, left));
    const second = fma(high, v128.load(s, 16), loadLanes(x + 16, left - 4));
    storeEight(y, first, second, left);
    if (mirror !== 0) {
      const third = fma(f32x4.neg(low), v128.load(s), loadLanes(x + mirror, left));
      const fourth = fma(f32x4.neg(high), v128.load(s, 16), loadLanes(x + mirror + 16, left - 4));
      storeEight(y + mirror, third, fourth, left);
    }
    c = (c + 8) % channels;
  }
}

/**
 * Σ dy[p] · ε[p] over the p of one unit with the same p mod channels, one row of out per unit. Another kernel adds the rows
 * without loss of precision. args: dy, out [units, channels], sums (channels + 8 numbers for each unit), count, channels, key,
 * constants, numbers in a unit, mirror. Where `mirror` is not 0, dy[p] − dy[p + mirror] takes the place of dy[p].
 */
export function noiseProducts(args: usize, from: i32, to: i32): void {
  const dy = <usize>arg(args, 0), output = <usize>arg(args, 1), scratch = <usize>arg(args, 2);
  const count = arg(args, 3), channels = arg(args, 4), k0 = arg(args, 5), k1 = arg(args, 6), constants = <usize>arg(args, 7);
  const size = arg(args, 8), mirror = <usize>arg(args, 9) << 2;
  const row = <usize>channels << 2;
  for (let unit = from; unit < to; unit++) {
    // As in addNoise eight neighbours go together; entry channels + j belongs to channel j (mod channels).
    const sums = scratch + <usize>unit * (row + 32);
    memory.fill(sums, 0, row + 32);
    const end = min(count, (unit + 1) * size);
    let c = 0;
    for (let p = unit * size; p < end; p += 8) {
      draw(p, k0, k1, constants);
      const g = dy + (<usize>p << 2), s = sums + (<usize>c << 2), left = end - p;
      let first = loadLanes(g, left), second = loadLanes(g + 16, left - 4);
      if (mirror !== 0) {
        first = f32x4.sub(first, loadLanes(g + mirror, left));
        second = f32x4.sub(second, loadLanes(g + mirror + 16, left - 4));
      }
      v128.store(s, fma(low, first, v128.load(s)));
      v128.store(s, fma(high, second, v128.load(s, 16)), 16);
      c = (c + 8) % channels;
    }
    const out = output + <usize>unit * row;
    memory.copy(out, sums, row);
    for (let j = 0; j < 8; j++) {
      const at = out + (<usize>(j % channels) << 2);
      store<f32>(at, load<f32>(at) + load<f32>(sums + row + (<usize>j << 2)));
    }
  }
}
