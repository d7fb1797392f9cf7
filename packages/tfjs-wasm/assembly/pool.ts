// Max pooling's gradient: dy goes to the first maximum of each window.
import { arg } from './simd';

/**
 * args: x, dy, dx, height, width, channels, out height, out width, window height, width, stride y, x,
 * dilation y, x, pad top, left. A unit is one image.
 */
export function maxPoolGradient(args: usize, from: i32, to: i32): void {
  const x = <usize>arg(args, 0), dy = <usize>arg(args, 1), dx = <usize>arg(args, 2);
  const height = arg(args, 3), width = arg(args, 4), channels = arg(args, 5);
  const outHeight = arg(args, 6), outWidth = arg(args, 7);
  const windowY = arg(args, 8), windowX = arg(args, 9), strideY = arg(args, 10), strideX = arg(args, 11);
  const dilationY = arg(args, 12), dilationX = arg(args, 13), top = arg(args, 14), left = arg(args, 15);
  const imageBytes = <usize>(height * width * channels) << 2;
  const pixel = <usize>channels << 2;
  memory.fill(dx + <usize>from * imageBytes, 0, <usize>(to - from) * imageBytes);
  for (let n = from; n < to; n++) {
    const image = <usize>n * imageBytes;
    let g = dy + <usize>(n * outHeight * outWidth) * pixel;
    for (let oy = 0; oy < outHeight; oy++) {
      const y0 = oy * strideY - top;
      for (let ox = 0; ox < outWidth; ox++) {
        const x0 = ox * strideX - left;
        let c = 0;
        for (; c + 4 <= channels; c += 4) {
          let best = f32x4.splat(-Infinity);
          let where = i32x4.splat(-1);
          for (let i = 0; i < windowY; i++) {
            const iy = y0 + i * dilationY;
            if (<u32>iy >= <u32>height) continue;
            for (let j = 0; j < windowX; j++) {
              const ix = x0 + j * dilationX;
              if (<u32>ix >= <u32>width) continue;
              const at = image + <usize>(iy * width + ix) * pixel + (<usize>c << 2);
              const value = v128.load(x + at);
              const greater = f32x4.gt(value, best);
              best = v128.bitselect(value, best, greater);
              where = v128.bitselect(i32x4.splat(<i32>at), where, greater);
            }
          }
          scatter(dx, where, 0, g, c);
          scatter(dx, where, 1, g, c);
          scatter(dx, where, 2, g, c);
          scatter(dx, where, 3, g, c);
        }
        for (; c < channels; c++) {
          let best: f32 = -Infinity;
          let where: i32 = -1;
          for (let i = 0; i < windowY; i++) {
            const iy = y0 + i * dilationY;
            if (<u32>iy >= <u32>height) continue;
            for (let j = 0; j < windowX; j++) {
              const ix = x0 + j * dilationX;
              if (<u32>ix >= <u32>width) continue;
              const at = image + <usize>(iy * width + ix) * pixel + (<usize>c << 2);
              const value = load<f32>(x + at);
              if (value > best) {
                best = value;
                where = <i32>at;
              }
            }
          }
          if (where != -1) {
            const to = dx + <usize>where;
            store<f32>(to, load<f32>(to) + load<f32>(g + (<usize>c << 2)));
          }
        }
        g += pixel;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function scatter(dx: usize, where: v128, lane: i32, g: usize, c: i32): void {
  const at = lane == 0 ? i32x4.extract_lane(where, 0)
    : lane == 1 ? i32x4.extract_lane(where, 1)
    : lane == 2 ? i32x4.extract_lane(where, 2)
    : i32x4.extract_lane(where, 3);
  if (at == -1) return;
  const to = dx + <usize>at + (<usize>lane << 2);
  store<f32>(to, load<f32>(to) + load<f32>(g + (<usize>(c + lane) << 2)));
}
