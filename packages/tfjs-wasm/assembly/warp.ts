// Bilinear resampling of images through affine maps, and its gradient with respect to the maps. The numbers are those of the
// portable path of @crossreg/tfjs-augment: coordinates are rounded to 1/16384 of a pixel.
//
// The pixels of a row whose neighbours all lie in the image follow each other, because coordinates along a row are monotone.
// They are read and mixed as vectors: of four pixels if there is one channel, of channels if there are 3 or 4. At the edge, and
// for other numbers of channels, the loop takes one pixel at a time.
import { arg, fma, loadLanes, storeLanes, zero } from './simd';

const BITS = 14;
const SUBPIXELS: i32 = 1 << BITS;

/** An integer coordinate mapped into [0, n), or −1 beyond the edge in mode 0 (constant). 1 edge, 2 reflect, 3 wrap. */
// @ts-ignore: decorator
@inline
function indexIn(i: i32, n: i32, mode: i32): i32 {
  if (<u32>i < <u32>n) return i;
  if (mode == 0) return -1;
  if (mode == 1) return i < 0 ? 0 : n - 1;
  const period = mode == 2 ? 2 * n : n;
  let r = i % period;
  if (r < 0) r += period;
  return r < n ? r : period - 1 - r;
}

/** The address of a pixel, or 0 beyond the edge. */
// @ts-ignore: decorator
@inline
function pixel(image: usize, row: i32, column: i32, width: i32, channels: i32): usize {
  return (row | column) < 0 ? 0 : image + (<usize>((row * width + column) * channels) << 2);
}

// @ts-ignore: decorator
@inline
function value(at: usize, channel: i32, fill: f32): f32 {
  return at == 0 ? fill : load<f32>(at + (<usize>channel << 2));
}

/**
 * Where four pixels x of a row come from along one axis, slope · x + rest, in whole subpixels: `slope` and `rest` are in
 * subpixels too. Far outside, or where they are not finite, the result is 0 or a number that belongs to no pixel.
 */
// @ts-ignore: decorator
@inline
function source(x: v128, slope: v128, rest: v128): v128 {
  const at = f32x4.nearest(f32x4.add(f32x4.mul(slope, x), rest));
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_trunc_f32x4_s(at);
  return i32x4.trunc_sat_f32x4_s(at);
}

/** The fraction of a pixel in a number of subpixels. */
// @ts-ignore: decorator
@inline
function fraction(at: v128): v128 {
  const rest = v128.and(at, i32x4.splat(SUBPIXELS - 1));
  return f32x4.mul(f32x4.convert_i32x4_s(rest), f32x4.splat(<f32>1 / <f32>SUBPIXELS));
}

/** For the four columns from c: one bit per column, set if the source has all of its neighbours in [0, columns] × [0, rows]. */
// @ts-ignore: decorator
@inline
function inside(c: i32, cx: f32, slopesX: v128, restsX: v128, slopesY: v128, restsY: v128, columns: i32, rows: i32): i32 {
  const x = f32x4.add(f32x4.splat(<f32>c - cx), f32x4(0, 1, 2, 3));
  const column = i32x4.shr_s(source(x, slopesX, restsX), BITS), row = i32x4.shr_s(source(x, slopesY, restsY), BITS);
  const all = v128.and(i32x4.lt_u(column, i32x4.splat(columns)), i32x4.lt_u(row, i32x4.splat(rows)));
  return i32x4.bitmask(all);
}

/**
 * The columns [first, last) of a row whose sources have all neighbours in the image, as last · 2³² + first. If there are none,
 * first is `width`.
 */
// @ts-ignore: decorator
@inline
function columnsInside(width: i32, rows: i32, cx: f32, slopesX: v128, restsX: v128, slopesY: v128, restsY: v128): u64 {
  let first = width, last = 0;
  for (let c = 0; c < width && first == width; c += 4) {
    const bits = inside(c, cx, slopesX, restsX, slopesY, restsY, width - 1, rows);
    if (bits != 0) first = min(width, c + ctz(bits));
  }
  for (let c = (width - 1) & -4; c + 4 > first && last == 0; c -= 4) {
    const bits = inside(c, cx, slopesX, restsX, slopesY, restsY, width - 1, rows);
    if (bits != 0) last = min(width, c + 32 - clz(bits));
  }
  return (<u64>last << 32) | <u64>first;
}

// @ts-ignore: decorator
@inline
function mix(a: v128, b: v128, f: v128): v128 {
  return fma(f32x4.sub(b, a), f, a);
}

// @ts-ignore: decorator
@inline
function lane(x: v128, i: i32): v128 {
  return i == 0 ? v128.shuffle<f32>(x, x, 0, 0, 0, 0)
    : i == 1 ? v128.shuffle<f32>(x, x, 1, 1, 1, 1)
    : i == 2 ? v128.shuffle<f32>(x, x, 2, 2, 2, 2)
    : v128.shuffle<f32>(x, x, 3, 3, 3, 3);
}

/** The channels of a pixel, up to four. Numbers read beyond them are ignored, and nothing is read beyond `end`. */
// @ts-ignore: decorator
@inline
function color(at: usize, channels: i32, fill: v128, end: usize): v128 {
  return at == 0 ? fill : at + 16 <= end ? v128.load(at) : loadLanes(at, channels);
}

/** Two numbers that follow each other, at each of two addresses. */
// @ts-ignore: decorator
@inline
function two(first: usize, second: usize): v128 {
  return v128.load64_lane(second, v128.load64_zero(first), 1);
}

/** The first, and the second, of the numbers of two {@link two}. */
// @ts-ignore: decorator
@inline
function lefts(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 0, 2, 4, 6);
}
// @ts-ignore: decorator
@inline
function rights(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 1, 3, 5, 7);
}

/** The channels of a pixel from those of its four neighbours. */
// @ts-ignore: decorator
@inline
function blend(at: usize, step: usize, line: usize, fx: v128, fy: v128): v128 {
  const upper = mix(v128.load(at), v128.load(at + step), fx);
  const lower = mix(v128.load(at + line), v128.load(at + line + step), fx);
  return mix(upper, lower, fy);
}

// @ts-ignore: decorator
@inline
function sumLanes(x: v128): f64 {
  return (
    <f64>f32x4.extract_lane(x, 0) + <f64>f32x4.extract_lane(x, 1) +
    (<f64>f32x4.extract_lane(x, 2) + <f64>f32x4.extract_lane(x, 3))
  );
}

/**
 * Rows of out[b] = image b through matrix b. A unit is one row.
 * args: images, matrices, out, height, width, channels, mode, fill, batch.
 */
export function warp(args: usize, from: i32, to: i32): void {
  const height = arg(args, 3), width = arg(args, 4), channels = arg(args, 5), mode = arg(args, 6);
  const fill = reinterpret<f32>(arg(args, 7)), fills = f32x4.splat(fill), batch = arg(args, 8);
  const cx: f32 = <f32>(width - 1) / 2, cy: f32 = <f32>(height - 1) / 2;
  const step = <usize>channels << 2, line = <usize>width * step, bytes = <usize>height * line;
  const end = <usize>arg(args, 0) + <usize>batch * bytes;
  const wide = channels == 3 || channels == 4;
  for (let unit = from; unit < to; unit++) {
    const b = unit / height, y: f32 = <f32>(unit - b * height) - cy;
    const image = <usize>arg(args, 0) + <usize>b * bytes, m = <usize>arg(args, 1) + <usize>b * 24;
    const slopesX = f32x4.splat(load<f32>(m) * <f32>SUBPIXELS), slopesY = f32x4.splat(load<f32>(m, 12) * <f32>SUBPIXELS);
    const restsX = f32x4.splat((load<f32>(m, 4) * y + load<f32>(m, 8) + cx) * <f32>SUBPIXELS);
    const restsY = f32x4.splat((load<f32>(m, 16) * y + load<f32>(m, 20) + cy) * <f32>SUBPIXELS);
    // Three channels are read as four, except where the fourth would lie beyond all images.
    const rows = max(0, height - 1 - i32(channels == 3 && b == batch - 1));
    let first = width, last = 0;
    if (wide || channels == 1) {
      const columns = columnsInside(width, rows, cx, slopesX, restsX, slopesY, restsY);
      first = <i32>columns, last = <i32>(columns >> 32);
    }
    let out = <usize>arg(args, 2) + <usize>unit * line;
    for (let c = 0; c < width; c++) {
      if (c == first) {
        let x = f32x4.add(f32x4.splat(<f32>c - cx), f32x4(0, 1, 2, 3));
        for (; c + 4 <= last; c += 4, out += 4 * step, x = f32x4.add(x, f32x4.splat(4))) {
          const sx = source(x, slopesX, restsX), sy = source(x, slopesY, restsY);
          const fx = fraction(sx), fy = fraction(sy);
          const index = i32x4.add(i32x4.mul(i32x4.shr_s(sy, BITS), i32x4.splat(width)), i32x4.shr_s(sx, BITS));
          const at = i32x4.add(i32x4.mul(index, i32x4.splat(<i32>step)), i32x4.splat(<i32>image));
          const p0 = <usize>i32x4.extract_lane(at, 0), p1 = <usize>i32x4.extract_lane(at, 1);
          const p2 = <usize>i32x4.extract_lane(at, 2), p3 = <usize>i32x4.extract_lane(at, 3);
          if (channels == 1) {
            const u0 = two(p0, p1), u1 = two(p2, p3), l0 = two(p0 + line, p1 + line), l1 = two(p2 + line, p3 + line);
            const upper = mix(lefts(u0, u1), rights(u0, u1), fx), lower = mix(lefts(l0, l1), rights(l0, l1), fx);
            v128.store(out, mix(upper, lower, fy));
          } else {
            v128.store(out, blend(p0, step, line, lane(fx, 0), lane(fy, 0)));
            v128.store(out + step, blend(p1, step, line, lane(fx, 1), lane(fy, 1)));
            v128.store(out + 2 * step, blend(p2, step, line, lane(fx, 2), lane(fy, 2)));
            storeLanes(out + 3 * step, blend(p3, step, line, lane(fx, 3), lane(fy, 3)), channels);
          }
        }
        if (c == width) break;
      }
      const x = f32x4.splat(<f32>c - cx), sx = source(x, slopesX, restsX), sy = source(x, slopesY, restsY);
      const left = i32x4.extract_lane(sx, 0) >> BITS, top = i32x4.extract_lane(sy, 0) >> BITS;
      const fx = fraction(sx), fy = fraction(sy);
      const c0 = indexIn(left, width, mode), c1 = indexIn(left + 1, width, mode);
      const r0 = indexIn(top, height, mode), r1 = indexIn(top + 1, height, mode);
      const p00 = pixel(image, r0, c0, width, channels), p01 = pixel(image, r0, c1, width, channels);
      const p10 = pixel(image, r1, c0, width, channels), p11 = pixel(image, r1, c1, width, channels);
      if (wide) {
        const upper = mix(color(p00, channels, fills, end), color(p01, channels, fills, end), fx);
        const lower = mix(color(p10, channels, fills, end), color(p11, channels, fills, end), fx);
        storeLanes(out, mix(upper, lower, fy), channels);
        out += step;
        continue;
      }
      const gx = f32x4.extract_lane(fx, 0), gy = f32x4.extract_lane(fy, 0);
      for (let k = 0; k < channels; k++, out += 4) {
        const a = value(p00, k, fill), e = value(p01, k, fill), f = value(p10, k, fill), g = value(p11, k, fill);
        const upper = a + (e - a) * gx, lower = f + (g - f) * gx;
        store<f32>(out, upper + (lower - upper) * gy);
      }
    }
  }
}

/**
 * out[b] = the gradient of matrix b, 6 numbers, from that of the result. A unit is one image.
 * args: images, matrices, out, height, width, channels, mode, fill, batch, dy.
 */
export function warpGradient(args: usize, from: i32, to: i32): void {
  const height = arg(args, 3), width = arg(args, 4), channels = arg(args, 5), mode = arg(args, 6);
  const fill = reinterpret<f32>(arg(args, 7)), batch = arg(args, 8);
  const cx: f32 = <f32>(width - 1) / 2, cy: f32 = <f32>(height - 1) / 2;
  const step = <usize>channels << 2, line = <usize>width * step, bytes = <usize>height * line;
  const vectors = channels == 1 || channels == 3 || channels == 4;
  /** Three channels are read as four; the fourth is ignored. */
  const used = channels == 3 ? i32x4(-1, -1, -1, 0) : i32x4.splat(-1);
  for (let b = from; b < to; b++) {
    const image = <usize>arg(args, 0) + <usize>b * bytes, m = <usize>arg(args, 1) + <usize>b * 24;
    const slopesX = f32x4.splat(load<f32>(m) * <f32>SUBPIXELS), slopesY = f32x4.splat(load<f32>(m, 12) * <f32>SUBPIXELS);
    const short = i32(channels == 3 && b == batch - 1), rows = max(0, height - 1 - short);
    let dy = <usize>arg(args, 9) + <usize>b * bytes;
    let g0: f64 = 0, g1: f64 = 0, g2: f64 = 0, g3: f64 = 0, g4: f64 = 0, g5: f64 = 0;
    for (let r = 0; r < height; r++) {
      const y: f32 = <f32>r - cy;
      const restsX = f32x4.splat((load<f32>(m, 4) * y + load<f32>(m, 8) + cx) * <f32>SUBPIXELS);
      const restsY = f32x4.splat((load<f32>(m, 16) * y + load<f32>(m, 20) + cy) * <f32>SUBPIXELS);
      let first = width, last = 0;
      if (vectors && r < height - short) {
        const columns = columnsInside(width, rows, cx, slopesX, restsX, slopesY, restsY);
        first = <i32>columns, last = <i32>(columns >> 32);
      }
      // For this row: dL/d(source) along both axes, and the same times x.
      let xs = zero(), ys = zero(), xsX = zero(), ysX = zero();
      let edgeX: f64 = 0, edgeY: f64 = 0;
      for (let c = 0; c < width; c++) {
        if (c == first) {
          let x = f32x4.add(f32x4.splat(<f32>c - cx), f32x4(0, 1, 2, 3));
          for (; c + 4 <= last; c += 4, dy += 4 * step, x = f32x4.add(x, f32x4.splat(4))) {
            const sx = source(x, slopesX, restsX), sy = source(x, slopesY, restsY);
            const fx = fraction(sx), fy = fraction(sy);
            const index = i32x4.add(i32x4.mul(i32x4.shr_s(sy, BITS), i32x4.splat(width)), i32x4.shr_s(sx, BITS));
            const at = i32x4.add(i32x4.mul(index, i32x4.splat(<i32>step)), i32x4.splat(<i32>image));
            const p0 = <usize>i32x4.extract_lane(at, 0), p1 = <usize>i32x4.extract_lane(at, 1);
            const p2 = <usize>i32x4.extract_lane(at, 2), p3 = <usize>i32x4.extract_lane(at, 3);
            if (channels == 1) {
              const u0 = two(p0, p1), u1 = two(p2, p3), l0 = two(p0 + line, p1 + line), l1 = two(p2 + line, p3 + line);
              const a = lefts(u0, u1), e = rights(u0, u1), f = lefts(l0, l1), g = rights(l0, l1);
              const d = v128.load(dy);
              const dx = f32x4.mul(d, mix(f32x4.sub(e, a), f32x4.sub(g, f), fy));
              const dv = f32x4.mul(d, mix(f32x4.sub(f, a), f32x4.sub(g, e), fx));
              xs = f32x4.add(xs, dx), xsX = fma(dx, x, xsX);
              ys = f32x4.add(ys, dv), ysX = fma(dv, x, ysX);
            } else {
              for (let i = 0; i < 4; i++) {
                const p = i == 0 ? p0 : i == 1 ? p1 : i == 2 ? p2 : p3;
                const fxi = i == 0 ? lane(fx, 0) : i == 1 ? lane(fx, 1) : i == 2 ? lane(fx, 2) : lane(fx, 3);
                const fyi = i == 0 ? lane(fy, 0) : i == 1 ? lane(fy, 1) : i == 2 ? lane(fy, 2) : lane(fy, 3);
                const a = v128.load(p), e = v128.load(p + step), f = v128.load(p + line), g = v128.load(p + line + step);
                const d = v128.and(v128.load(dy + <usize>i * step), used), xi = f32x4.splat(<f32>(c + i) - cx);
                const dx = f32x4.mul(d, mix(f32x4.sub(e, a), f32x4.sub(g, f), fyi));
                const dv = f32x4.mul(d, mix(f32x4.sub(f, a), f32x4.sub(g, e), fxi));
                xs = f32x4.add(xs, dx), xsX = fma(dx, xi, xsX);
                ys = f32x4.add(ys, dv), ysX = fma(dv, xi, ysX);
              }
            }
          }
          if (c == width) break;
        }
        const x = f32x4.splat(<f32>c - cx), sx = source(x, slopesX, restsX), sy = source(x, slopesY, restsY);
        const left = i32x4.extract_lane(sx, 0) >> BITS, top = i32x4.extract_lane(sy, 0) >> BITS;
        const fx = f32x4.extract_lane(fraction(sx), 0), fy = f32x4.extract_lane(fraction(sy), 0);
        const c0 = indexIn(left, width, mode), c1 = indexIn(left + 1, width, mode);
        const r0 = indexIn(top, height, mode), r1 = indexIn(top + 1, height, mode);
        const p00 = pixel(image, r0, c0, width, channels), p01 = pixel(image, r0, c1, width, channels);
        const p10 = pixel(image, r1, c0, width, channels), p11 = pixel(image, r1, c1, width, channels);
        let dx: f32 = 0, dv: f32 = 0;
        for (let k = 0; k < channels; k++, dy += 4) {
          const a = value(p00, k, fill), e = value(p01, k, fill), f = value(p10, k, fill), g = value(p11, k, fill);
          const d = load<f32>(dy);
          dx += d * (e - a + (g - f - (e - a)) * fy);
          dv += d * (f - a + (g - e - (f - a)) * fx);
        }
        edgeX += <f64>dx, edgeY += <f64>dv;
        const column = <f64>c - <f64>cx;
        g0 += <f64>dx * column, g3 += <f64>dv * column;
      }
      const rowX = edgeX + sumLanes(xs), rowY = edgeY + sumLanes(ys);
      g0 += sumLanes(xsX), g1 += rowX * <f64>y, g2 += rowX;
      g3 += sumLanes(ysX), g4 += rowY * <f64>y, g5 += rowY;
    }
    const out = <usize>arg(args, 2) + <usize>b * 24;
    store<f32>(out, <f32>g0), store<f32>(out, <f32>g1, 4), store<f32>(out, <f32>g2, 8);
    store<f32>(out, <f32>g3, 12), store<f32>(out, <f32>g4, 16), store<f32>(out, <f32>g5, 20);
  }
}
