// Fused passes over memory, each of which takes several passes in tfjs. Sizes in numbers; a unit is BLOCK numbers or one row.
import { arg, real } from './simd';

/** Numbers per unit. */
const BLOCK: i32 = 1024;

/** out = a · b · factor. args: a, b, out, size, factor. */
export function scaledProduct(args: usize, from: i32, to: i32): void {
  const a = <usize>arg(args, 0), b = <usize>arg(args, 1), out = <usize>arg(args, 2);
  const end = <usize>min(arg(args, 3), to * BLOCK) << 2;
  const factor = real(args, 4), factors = f32x4.splat(factor);
  let i = <usize>(from * BLOCK) << 2;
  for (; i + 16 <= end; i += 16) {
    v128.store(out + i, f32x4.mul(f32x4.mul(v128.load(a + i), factors), v128.load(b + i)));
  }
  for (; i < end; i += 4) store<f32>(out + i, load<f32>(a + i) * factor * load<f32>(b + i));
}

/** out = dy where x > 0, NaN where x is, else 0 · dy. args: dy, x, out, size. */
export function reluGradient(args: usize, from: i32, to: i32): void {
  const dy = <usize>arg(args, 0), x = <usize>arg(args, 1), out = <usize>arg(args, 2);
  const end = <usize>min(arg(args, 3), to * BLOCK) << 2;
  const none = f32x4.splat(0), one = f32x4.splat(1);
  let i = <usize>(from * BLOCK) << 2;
  for (; i + 16 <= end; i += 16) {
    const value = v128.load(x + i);
    // x ≤ 0 is false for a NaN, which then goes on into the product.
    const slope = v128.bitselect(none, v128.bitselect(one, value, f32x4.gt(value, none)), f32x4.le(value, none));
    v128.store(out + i, f32x4.mul(v128.load(dy + i), slope));
  }
  for (; i < end; i += 4) {
    const value = load<f32>(x + i);
    const slope: f32 = value > 0 ? 1 : value <= 0 ? 0 : value;
    store<f32>(out + i, load<f32>(dy + i) * slope);
  }
}

/** out[o, r, :] = in[o, :] · factor. args: in, out, reduced, inner, factor. A unit is one row of out. */
export function spreadRows(args: usize, from: i32, to: i32): void {
  const reduced = arg(args, 2), row = <usize>arg(args, 3) << 2;
  const factor = real(args, 4), factors = f32x4.splat(factor);
  let q = <usize>arg(args, 1) + <usize>from * row;
  for (let unit = from; unit < to; unit++) {
    const p = <usize>arg(args, 0) + <usize>(unit / reduced) * row;
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) v128.store(q + i, f32x4.mul(v128.load(p + i), factors));
    for (; i < row; i += 4) store<f32>(q + i, load<f32>(p + i) * factor);
    q += row;
  }
}

/** out[o, :] = in[o] · factor, `reduced` times. args as in {@link spreadRows}. A unit is one number of in. */
export function spreadNumbers(args: usize, from: i32, to: i32): void {
  const row = <usize>arg(args, 2) << 2;
  let q = <usize>arg(args, 1) + <usize>from * row;
  for (let unit = from; unit < to; unit++) {
    const value = load<f32>(<usize>arg(args, 0) + (<usize>unit << 2)) * real(args, 4);
    const values = f32x4.splat(value);
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) v128.store(q + i, values);
    for (; i < row; i += 4) store<f32>(q + i, value);
    q += row;
  }
}

/** Writes 0 where a number is not finite. args: numbers, size, out. One unit. */
export function allFinite(args: usize, from: i32, to: i32): void {
  let p = <usize>arg(args, 0);
  const end = p + (<usize>arg(args, 1) << 2);
  // x − x is 0 for a finite number and a NaN otherwise, and a sum carries a NaN through.
  let sums = f32x4.splat(0);
  for (; p + 16 <= end; p += 16) {
    const x = v128.load(p);
    sums = f32x4.add(sums, f32x4.sub(x, x));
  }
  for (; p < end; p += 4) {
    const x = f32x4.splat(load<f32>(p));
    sums = f32x4.add(sums, f32x4.sub(x, x));
  }
  if (v128.any_true(f32x4.ne(sums, f32x4.splat(0)))) store<f32>(<usize>arg(args, 2), 0);
}
