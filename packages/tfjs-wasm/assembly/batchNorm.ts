// The gradient of batch normalization y = (x − mean) · rstd · scale + offset over rows of channels.
import { arg } from './simd';

/** Rows per unit of {@link batchNormSums}. They stay in the cache while the loop goes through their channels. */
const BLOCK: i32 = 128;

/**
 * Σ dy and Σ dy · (x − mean) per channel over one block of rows: partial sums, one row of each output per unit.
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

/**
 * Σ x and Σ (x − x̄)² per channel of one block of rows, with x̄ the mean of the block. So memory is read once, and no digits
 * cancel, however far the mean is from 0. args: x, sums, squares, rows, channels. A unit is 128 rows.
 */
export function blockMoments(args: usize, from: i32, to: i32): void {
  const rows = arg(args, 3);
  const row = <usize>arg(args, 4) << 2;
  for (let unit = from; unit < to; unit++) {
    const count = min(BLOCK, rows - unit * BLOCK);
    const x = <usize>arg(args, 0) + <usize>(unit * BLOCK) * row;
    const sums = <usize>arg(args, 1) + <usize>unit * row, squares = <usize>arg(args, 2) + <usize>unit * row;
    const share: f32 = 1 / <f32>count, shares = f32x4.splat(share);
    let c: usize = 0;
    for (; c + 16 <= row; c += 16) {
      let s = f32x4.splat(0), p = x + c;
      for (let k = count; k > 0; k--) {
        s = f32x4.add(s, v128.load(p));
        p += row;
      }
      const mean = f32x4.mul(s, shares);
      let q = f32x4.splat(0);
      p = x + c;
      for (let k = count; k > 0; k--) {
        const d = f32x4.sub(v128.load(p), mean);
        q = f32x4.add(q, f32x4.mul(d, d));
        p += row;
      }
      v128.store(sums + c, s);
      v128.store(squares + c, q);
    }
    for (; c < row; c += 4) {
      let s: f32 = 0, p = x + c;
      for (let k = count; k > 0; k--) {
        s += load<f32>(p);
        p += row;
      }
      const mean = s * share;
      let q: f32 = 0;
      p = x + c;
      for (let k = count; k > 0; k--) {
        const d = load<f32>(p) - mean;
        q += d * d;
        p += row;
      }
      store<f32>(sums + c, s);
      store<f32>(squares + c, q);
    }
  }
}

/**
 * Mean and variance per channel from the moments of blocks (Chan, Golub & LeVeque 1979), in float64.
 * args: sums, squares, mean, variance, rows, channels. A unit is one channel.
 */
export function joinMoments(args: usize, from: i32, to: i32): void {
  const rows = arg(args, 4);
  const row = <usize>arg(args, 5) << 2;
  const blocks = (rows + BLOCK - 1) / BLOCK;
  for (let c = from; c < to; c++) {
    const sums = <usize>arg(args, 0) + (<usize>c << 2), squares = <usize>arg(args, 1) + (<usize>c << 2);
    let total: f64 = 0;
    for (let b = 0; b < blocks; b++) total += <f64>load<f32>(sums + <usize>b * row);
    const mean = total / <f64>rows;
    let square: f64 = 0;
    for (let b = 0; b < blocks; b++) {
      const count = <f64>min(BLOCK, rows - b * BLOCK);
      const shift = <f64>load<f32>(sums + <usize>b * row) / count - mean;
      square += <f64>load<f32>(squares + <usize>b * row) + count * shift * shift;
    }
    store<f32>(<usize>arg(args, 2) + (<usize>c << 2), <f32>mean);
    store<f32>(<usize>arg(args, 3) + (<usize>c << 2), <f32>(square / <f64>rows));
  }
}

/**
 * out[r, :] = dy[r, :] · factor + (x[r, :] − mean) · slope + shift: the gradient by the input of a normalization that uses the
 * moments of the batch. args: dy, x, factor, mean, slope, shift, out, channels. A unit is one row.
 */
export function batchNormInput(args: usize, from: i32, to: i32): void {
  const factor = <usize>arg(args, 2), mean = <usize>arg(args, 3), slope = <usize>arg(args, 4), shift = <usize>arg(args, 5);
  const row = <usize>arg(args, 7) << 2;
  const first = <usize>from * row;
  let p = <usize>arg(args, 0) + first, x = <usize>arg(args, 1) + first, q = <usize>arg(args, 6) + first;
  for (let r = from; r < to; r++) {
    let i: usize = 0;
    for (; i + 16 <= row; i += 16) {
      const centred = f32x4.sub(v128.load(x + i), v128.load(mean + i));
      const own = f32x4.add(f32x4.mul(v128.load(p + i), v128.load(factor + i)), v128.load(shift + i));
      v128.store(q + i, f32x4.add(f32x4.mul(centred, v128.load(slope + i)), own));
    }
    for (; i < row; i += 4) {
      const centred = load<f32>(x + i) - load<f32>(mean + i);
      const own = load<f32>(p + i) * load<f32>(factor + i) + load<f32>(shift + i);
      store<f32>(q + i, centred * load<f32>(slope + i) + own);
    }
    p += row; x += row; q += row;
  }
}
