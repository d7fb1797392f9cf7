// The gradient of batch normalization y = (x − mean) · rstd · scale + offset over rows of channels.
import { arg } from './simd';

/** Rows a unit of {@link batchNormSums}: they stay in the cache while their channels are walked through. */
const BLOCK: i32 = 128;

/**
 * Σ dy and Σ dy · (x − mean) per channel over one block of rows: partial sums, one row of each output a unit.
 * args: x, dy, mean, sums of dy, sums of dy (x − mean), rows, channels. A unit is 128 rows.
 */
export function batchNormSums(args: usize, from: i32, to: i32): void {
  const mean = <usize>arg(args, 2), rows = arg(args, 5);
  const row = <usize>arg(args, 6) << 2;
  for (let unit = from; unit < to; unit++) {
    const first = <usize>(unit * BLOCK) * row, count = min(BLOCK, rows - unit * BLOCK);
    const x = <usize>arg(args, 0) + first, dy = <usize>arg(args, 1) + first;
    const sums = <usize>arg(args, 3) + <usize>unit * row, products = <usize>arg(args, 4) + <usize>unit * row;
    let c: usize = 0;
    for (; c + 16 <= row; c += 16) {
      const m = v128.load(mean + c);
      let s = f32x4.splat(0), p = s;
      let a = x + c, b = dy + c;
      for (let k = count; k > 0; k--) {
        const g = v128.load(b);
        s = f32x4.add(s, g);
        p = f32x4.add(p, f32x4.mul(g, f32x4.sub(v128.load(a), m)));
        a += row; b += row;
      }
      v128.store(sums + c, s);
      v128.store(products + c, p);
    }
    for (; c < row; c += 4) {
      const m = load<f32>(mean + c);
      let s: f32 = 0, p: f32 = 0;
      let a = x + c, b = dy + c;
      for (let k = count; k > 0; k--) {
        const g = load<f32>(b);
        s += g;
        p += g * (load<f32>(a) - m);
        a += row; b += row;
      }
      store<f32>(sums + c, s);
      store<f32>(products + c, p);
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
