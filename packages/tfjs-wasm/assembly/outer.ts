// Sums of outer products: the filter gradient of a convolution, and Aᵀ·B.
//
// out[t][i][j] = Σ_p a[p + tap t][i] · b[p][j], p over rows of pixels. Padding is left out, not multiplied by zero.
import { arg, fma, zero } from './simd';

/** The sums of one block of pixels are added to the output together, which rounds less often than one long chain. */
// @ts-ignore: decorator
@inline
function put(to: usize, value: v128): void {
  v128.store(to, f32x4.add(v128.load(to), value));
}

/** `rowsOfA` (1 to 4) × 8. Offsets in bytes. */
// @ts-ignore: decorator
@inline
function block8(
  I: i32, a: usize, b: usize, height: i32, width: i32,
  aRow: usize, aPixel: usize, bRow: usize, bPixel: usize, to: usize, toRow: usize,
): void {
  let c00 = zero(), c01 = zero(), c10 = zero(), c11 = zero();
  let c20 = zero(), c21 = zero(), c30 = zero(), c31 = zero();
  for (let y = 0; y < height; y++) {
    let p = a, q = b;
    for (let x = 0; x < width; x++) {
      const b0 = v128.load(q), b1 = v128.load(q, 16);
      let s = v128.load32_splat(p);
      c00 = fma(s, b0, c00); c01 = fma(s, b1, c01);
      if (I > 1) {
        s = v128.load32_splat(p, 4);
        c10 = fma(s, b0, c10); c11 = fma(s, b1, c11);
      }
      if (I > 2) {
        s = v128.load32_splat(p, 8);
        c20 = fma(s, b0, c20); c21 = fma(s, b1, c21);
      }
      if (I > 3) {
        s = v128.load32_splat(p, 12);
        c30 = fma(s, b0, c30); c31 = fma(s, b1, c31);
      }
      p += aPixel; q += bPixel;
    }
    a += aRow; b += bRow;
  }
  put(to, c00); put(to + 16, c01);
  if (I > 1) { to += toRow; put(to, c10); put(to + 16, c11); }
  if (I > 2) { to += toRow; put(to, c20); put(to + 16, c21); }
  if (I > 3) { to += toRow; put(to, c30); put(to + 16, c31); }
}

/** `rowsOfA` (1 to 4) × 4. */
// @ts-ignore: decorator
@inline
function block4(
  I: i32, a: usize, b: usize, height: i32, width: i32,
  aRow: usize, aPixel: usize, bRow: usize, bPixel: usize, to: usize, toRow: usize,
): void {
  let c0 = zero(), c1 = zero(), c2 = zero(), c3 = zero();
  for (let y = 0; y < height; y++) {
    let p = a, q = b;
    for (let x = 0; x < width; x++) {
      const b0 = v128.load(q);
      c0 = fma(v128.load32_splat(p), b0, c0);
      if (I > 1) c1 = fma(v128.load32_splat(p, 4), b0, c1);
      if (I > 2) c2 = fma(v128.load32_splat(p, 8), b0, c2);
      if (I > 3) c3 = fma(v128.load32_splat(p, 12), b0, c3);
      p += aPixel; q += bPixel;
    }
    a += aRow; b += bRow;
  }
  put(to, c0);
  if (I > 1) put(to + toRow, c1);
  if (I > 2) put(to + 2 * toRow, c2);
  if (I > 3) put(to + 3 * toRow, c3);
}

/** `rowsOfA` (1 to 4) × 1. */
// @ts-ignore: decorator
@inline
function block1(
  I: i32, a: usize, b: usize, height: i32, width: i32,
  aRow: usize, aPixel: usize, bRow: usize, bPixel: usize, to: usize, toRow: usize,
): void {
  let c0: f32 = 0, c1: f32 = 0, c2: f32 = 0, c3: f32 = 0;
  for (let y = 0; y < height; y++) {
    let p = a, q = b;
    for (let x = 0; x < width; x++) {
      const s = load<f32>(q);
      c0 += load<f32>(p) * s;
      if (I > 1) c1 += load<f32>(p, 4) * s;
      if (I > 2) c2 += load<f32>(p, 8) * s;
      if (I > 3) c3 += load<f32>(p, 12) * s;
      p += aPixel; q += bPixel;
    }
    a += aRow; b += bRow;
  }
  store<f32>(to, load<f32>(to) + c0);
  if (I > 1) { to += toRow; store<f32>(to, load<f32>(to) + c1); }
  if (I > 2) { to += toRow; store<f32>(to, load<f32>(to) + c2); }
  if (I > 3) { to += toRow; store<f32>(to, load<f32>(to) + c3); }
}

/** All columns for `I` rows. */
// @ts-ignore: decorator
@inline
function strip(
  I: i32, a: usize, b: usize, height: i32, width: i32,
  aRow: usize, aPixel: usize, bRow: usize, bPixel: usize, to: usize, columns: i32,
): void {
  const toRow = <usize>columns << 2;
  let j = 0;
  for (; j + 8 <= columns; j += 8) {
    block8(I, a, b, height, width, aRow, aPixel, bRow, bPixel, to, toRow);
    b += 32; to += 32;
  }
  if (j + 4 <= columns) {
    block4(I, a, b, height, width, aRow, aPixel, bRow, bPixel, to, toRow);
    b += 16; to += 16; j += 4;
  }
  for (; j < columns; j++) {
    block1(I, a, b, height, width, aRow, aPixel, bRow, bPixel, to, toRow);
    b += 4; to += 4;
  }
}

function strip4(
  a: usize, b: usize, height: i32, width: i32,
  aRow: usize, aPixel: usize, bRow: usize, bPixel: usize, to: usize, columns: i32,
): void {
  strip(4, a, b, height, width, aRow, aPixel, bRow, bPixel, to, columns);
}
function strip3(
  a: usize, b: usize, height: i32, width: i32,
  aRow: usize, aPixel: usize, bRow: usize, bPixel: usize, to: usize, columns: i32,
): void {
  strip(3, a, b, height, width, aRow, aPixel, bRow, bPixel, to, columns);
}
function strip2(
  a: usize, b: usize, height: i32, width: i32,
  aRow: usize, aPixel: usize, bRow: usize, bPixel: usize, to: usize, columns: i32,
): void {
  strip(2, a, b, height, width, aRow, aPixel, bRow, bPixel, to, columns);
}
function strip1(
  a: usize, b: usize, height: i32, width: i32,
  aRow: usize, aPixel: usize, bRow: usize, bPixel: usize, to: usize, columns: i32,
): void {
  strip(1, a, b, height, width, aRow, aPixel, bRow, bPixel, to, columns);
}

/**
 * args: a, b, out, images, a height, a width, a depth, b height, b width, b depth (columns), stride y, stride x,
 * taps, tap list (dy, dx pairs), rows of b a block. A unit is 4 rows of the matrix of one tap: [tap][depth / 4].
 * The order of summation does not depend on how units are divided among threads.
 */
export function outerProducts(args: usize, from: i32, to: i32): void {
  const a = <usize>arg(args, 0), b = <usize>arg(args, 1), out = <usize>arg(args, 2);
  const images = arg(args, 3);
  const aHeight = arg(args, 4), aWidth = arg(args, 5), depth = arg(args, 6);
  const bHeight = arg(args, 7), bWidth = arg(args, 8), columns = arg(args, 9);
  const strideY = arg(args, 10), strideX = arg(args, 11);
  const tapList = <usize>arg(args, 13), blockRows = arg(args, 14);
  const strips = (depth + 3) / 4;
  const aPixel = <usize>(strideX * depth * 4), aRow = <usize>(strideY * aWidth * depth * 4);
  const bPixel = <usize>(columns * 4), bRow = <usize>(bWidth * columns * 4);
  const outRow = <usize>(columns * 4);

  for (let unit = from; unit < to; unit++) {
    const t = unit / strips, i = (unit - t * strips) * 4;
    const rows = min(4, depth - i);
    memory.fill(out + <usize>(t * depth + i) * outRow, 0, <usize>rows * outRow);
  }
  for (let n = 0; n < images; n++) {
    for (let block = 0; block < bHeight; block += blockRows) {
      const blockEnd = min(bHeight, block + blockRows);
      for (let unit = from; unit < to; unit++) {
        const t = unit / strips, i = (unit - t * strips) * 4;
        const dy = load<i32>(tapList + (<usize>t << 3)), dx = load<i32>(tapList + (<usize>t << 3), 4);
        // Output positions whose input pixel (y · stride + d) lies inside the image.
        const y0 = max(block, firstInside(dy, strideY)), y1 = min(blockEnd, endInside(dy, strideY, aHeight));
        const x0 = firstInside(dx, strideX), x1 = min(bWidth, endInside(dx, strideX, aWidth));
        if (y0 >= y1 || x0 >= x1) continue;
        const p = a + (<usize>(((n * aHeight + y0 * strideY + dy) * aWidth + x0 * strideX + dx) * depth + i) << 2);
        const q = b + (<usize>(((n * bHeight + y0) * bWidth + x0) * columns) << 2);
        const o = out + <usize>(t * depth + i) * outRow;
        const left = depth - i, h = y1 - y0, w = x1 - x0;
        if (left >= 4) strip4(p, q, h, w, aRow, aPixel, bRow, bPixel, o, columns);
        else if (left == 3) strip3(p, q, h, w, aRow, aPixel, bRow, bPixel, o, columns);
        else if (left == 2) strip2(p, q, h, w, aRow, aPixel, bRow, bPixel, o, columns);
        else strip1(p, q, h, w, aRow, aPixel, bRow, bPixel, o, columns);
      }
    }
  }
}

/** The least y ≥ 0 with y · stride + d ≥ 0. */
// @ts-ignore: decorator
@inline
function firstInside(d: i32, stride: i32): i32 {
  return d >= 0 ? 0 : (stride - 1 - d) / stride;
}

/** One past the greatest y with y · stride + d < size. */
// @ts-ignore: decorator
@inline
function endInside(d: i32, stride: i32, size: i32): i32 {
  return d >= size ? 0 : (size - 1 - d) / stride + 1;
}
