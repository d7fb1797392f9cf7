// The gradient of batch normalization y = (x − mean) · rstd · scale + offset over rows of channels.
import { arg } from './simd';

const BLOCK: i32 = 64;

// @ts-ignore: decorator
@inline
function high(x: v128): v128 {
  return i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
}

// @ts-ignore: decorator
@inline
function narrow(low: v128, top: v128): v128 {
  return i8x16.shuffle(
    f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(top),
    0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23,
  );
}

/**
 * Σ dy and Σ dy · (x − mean) per channel, blocks in float32, their sums in float64.
 * args: x, dy, mean, sums of dy, sums of dy (x − mean), rows, channels. A unit is 4 channels.
 */
export function batchNormSums(args: usize, from: i32, to: i32): void {
  const x = <usize>arg(args, 0), dy = <usize>arg(args, 1), mean = <usize>arg(args, 2);
  const sums = <usize>arg(args, 3), products = <usize>arg(args, 4);
  const rows = arg(args, 5), channels = arg(args, 6);
  const row = <usize>channels << 2;
  for (let unit = from; unit < to; unit++) {
    const c = <usize>unit << 4;
    if (unit * 4 + 4 <= channels) {
      const m = v128.load(mean + c);
      let s0 = f64x2.splat(0), s1 = s0, p0 = s0, p1 = s0;
      let a = x + c, b = dy + c;
      for (let r = 0; r < rows; r += BLOCK) {
        let s = f32x4.splat(0), p = s;
        for (let k = min(BLOCK, rows - r); k > 0; k--) {
          const g = v128.load(b);
          s = f32x4.add(s, g);
          p = f32x4.add(p, f32x4.mul(g, f32x4.sub(v128.load(a), m)));
          a += row; b += row;
        }
        s0 = f64x2.add(s0, f64x2.promote_low_f32x4(s));
        s1 = f64x2.add(s1, f64x2.promote_low_f32x4(high(s)));
        p0 = f64x2.add(p0, f64x2.promote_low_f32x4(p));
        p1 = f64x2.add(p1, f64x2.promote_low_f32x4(high(p)));
      }
      v128.store(sums + c, narrow(s0, s1));
      v128.store(products + c, narrow(p0, p1));
    } else {
      for (let i = c; i < row; i += 4) {
        const m = load<f32>(mean + i);
        let s: f64 = 0, p: f64 = 0;
        let a = x + i, b = dy + i;
        for (let r = 0; r < rows; r++) {
          const g = load<f32>(b);
          s += <f64>g;
          p += <f64>(g * (load<f32>(a) - m));
          a += row; b += row;
        }
        store<f32>(sums + i, <f32>s);
        store<f32>(products + i, <f32>p);
      }
    }
  }
}

/** out[r, :] = in[r, :] · factor. args: in, factor, out, channels. A unit is one row. */
export function scaleRows(args: usize, from: i32, to: i32): void {
  const factor = <usize>arg(args, 1);
  const row = <usize>arg(args, 3) << 2;
  let p = <usize>arg(args, 0) + <usize>from * row, q = <usize>arg(args, 2) + <usize>from * row;
  const vectors = row & ~15;
  for (let r = from; r < to; r++) {
    let i: usize = 0;
    for (; i < vectors; i += 16) v128.store(q + i, f32x4.mul(v128.load(p + i), v128.load(factor + i)));
    for (; i < row; i += 4) store<f32>(q + i, load<f32>(p + i) * load<f32>(factor + i));
    p += row; q += row;
  }
}

/** out[r, :] = (in[r, :] − mean) · factor + offset. args: in, mean, factor, offset, out, channels. A unit is one row. */
export function normalizeRows(args: usize, from: i32, to: i32): void {
  const mean = <usize>arg(args, 1), factor = <usize>arg(args, 2), offset = <usize>arg(args, 3);
  const row = <usize>arg(args, 5) << 2;
  let p = <usize>arg(args, 0) + <usize>from * row, q = <usize>arg(args, 4) + <usize>from * row;
  for (let r = from; r < to; r++) {
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) {
      const centred = f32x4.sub(v128.load(p + i), v128.load(mean + i));
      v128.store(q + i, f32x4.add(f32x4.mul(centred, v128.load(factor + i)), v128.load(offset + i)));
    }
    for (; i < row; i += 4) {
      const centred = load<f32>(p + i) - load<f32>(mean + i);
      store<f32>(q + i, centred * load<f32>(factor + i) + load<f32>(offset + i));
    }
    p += row; q += row;
  }
}
