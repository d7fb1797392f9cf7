// Images resampled bilinearly through affine maps, and the gradient of that with respect to the maps. A unit is one
// image. Numbers of @crossreg/tfjs-augment's portable path: coordinates are rounded to 1/16384 of a pixel.
import { arg } from './simd';

const SUBPIXELS: f32 = 16384;

/** A whole coordinate brought into [0, n), or −1 beyond the edge in mode 0 (constant). 1 edge, 2 reflect, 3 wrap. */
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
 * With dy 0: out[b] = image b through matrix b. Else: out[b] = the gradient of matrix b, 6 numbers.
 * args: images, matrices, out, height, width, channels, mode, fill, dy.
 */
export function warp(args: usize, from: i32, to: i32): void {
  const height = arg(args, 3), width = arg(args, 4), channels = arg(args, 5), mode = arg(args, 6);
  const fill = reinterpret<f32>(arg(args, 7)), upstream = <usize>arg(args, 8);
  const cx: f32 = <f32>(width - 1) / 2, cy: f32 = <f32>(height - 1) / 2;
  const bytes = <usize>(height * width * channels) << 2;
  for (let b = from; b < to; b++) {
    const image = <usize>arg(args, 0) + <usize>b * bytes, m = <usize>arg(args, 1) + <usize>b * 24;
    const m0 = load<f32>(m), m1 = load<f32>(m, 4), m2 = load<f32>(m, 8);
    const m3 = load<f32>(m, 12), m4 = load<f32>(m, 16), m5 = load<f32>(m, 20);
    let out = <usize>arg(args, 2) + <usize>b * (upstream == 0 ? bytes : 24), dy = upstream + <usize>b * bytes;
    let g0: f64 = 0, g1: f64 = 0, g2: f64 = 0, g3: f64 = 0, g4: f64 = 0, g5: f64 = 0;
    for (let r = 0; r < height; r++) {
      const y: f32 = <f32>r - cy;
      for (let c = 0; c < width; c++) {
        const x: f32 = <f32>c - cx;
        const sx = nearest((m0 * x + m1 * y + m2 + cx) * SUBPIXELS) / SUBPIXELS;
        const sy = nearest((m3 * x + m4 * y + m5 + cy) * SUBPIXELS) / SUBPIXELS;
        const left = floor(sx), top = floor(sy), fx = sx - left, fy = sy - top;
        const c0 = indexIn(<i32>left, width, mode), c1 = indexIn(<i32>left + 1, width, mode);
        const r0 = indexIn(<i32>top, height, mode), r1 = indexIn(<i32>top + 1, height, mode);
        const p00 = pixel(image, r0, c0, width, channels), p01 = pixel(image, r0, c1, width, channels);
        const p10 = pixel(image, r1, c0, width, channels), p11 = pixel(image, r1, c1, width, channels);
        let gx: f32 = 0, gy: f32 = 0;
        for (let k = 0; k < channels; k++) {
          const a = value(p00, k, fill), e = value(p01, k, fill), f = value(p10, k, fill), g = value(p11, k, fill);
          if (upstream == 0) {
            const upper = a * (1 - fx) + e * fx, lower = f * (1 - fx) + g * fx;
            store<f32>(out, upper * (1 - fy) + lower * fy);
            out += 4;
          } else {
            const d = load<f32>(dy);
            gx += d * ((e - a) * (1 - fy) + (g - f) * fy);
            gy += d * ((f - a) * (1 - fx) + (g - e) * fx);
            dy += 4;
          }
        }
        if (upstream != 0) {
          g0 += <f64>(gx * x), g1 += <f64>(gx * y), g2 += <f64>gx;
          g3 += <f64>(gy * x), g4 += <f64>(gy * y), g5 += <f64>gy;
        }
      }
    }
    if (upstream != 0) {
      store<f32>(out, <f32>g0), store<f32>(out, <f32>g1, 4), store<f32>(out, <f32>g2, 8);
      store<f32>(out, <f32>g3, 12), store<f32>(out, <f32>g4, 16), store<f32>(out, <f32>g5, 20);
    }
  }
}
