// Gradients of depthwise convolution. Output channel c · multiplier + m belongs to input channel c.
import { arg } from './simd';

/**
 * args: dy, filter, dx, height, width, channels, out height, out width, filter height, width, stride y, x,
 * dilation y, x, pad top, left, multiplier. A unit is one image.
 */
export function depthwiseInputGradient(args: usize, from: i32, to: i32): void {
  const dy = <usize>arg(args, 0), filter = <usize>arg(args, 1), dx = <usize>arg(args, 2);
  const height = arg(args, 3), width = arg(args, 4), channels = arg(args, 5);
  const outHeight = arg(args, 6), outWidth = arg(args, 7);
  const filterY = arg(args, 8), filterX = arg(args, 9), strideY = arg(args, 10), strideX = arg(args, 11);
  const dilationY = arg(args, 12), dilationX = arg(args, 13), top = arg(args, 14), left = arg(args, 15);
  const multiplier = arg(args, 16);
  const pixel = <usize>channels << 2, outPixel = pixel * <usize>multiplier;
  const image = <usize>(height * width) * pixel;
  memory.fill(dx + <usize>from * image, 0, <usize>(to - from) * image);
  for (let n = from; n < to; n++) {
    let g = dy + <usize>(n * outHeight * outWidth) * outPixel;
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        for (let i = 0; i < filterY; i++) {
          const iy = oy * strideY - top + i * dilationY;
          if (<u32>iy >= <u32>height) continue;
          for (let j = 0; j < filterX; j++) {
            const ix = ox * strideX - left + j * dilationX;
            if (<u32>ix >= <u32>width) continue;
            const to = dx + <usize>n * image + <usize>(iy * width + ix) * pixel;
            const w = filter + <usize>(i * filterX + j) * outPixel;
            if (multiplier == 1) {
              let c: usize = 0;
              for (; c + 16 <= pixel; c += 16) {
                v128.store(to + c, f32x4.add(v128.load(to + c), f32x4.mul(v128.load(g + c), v128.load(w + c))));
              }
              for (; c < pixel; c += 4) {
                store<f32>(to + c, load<f32>(to + c) + load<f32>(g + c) * load<f32>(w + c));
              }
            } else {
              let k: usize = 0;
              for (let c: usize = 0; c < pixel; c += 4) {
                let sum = load<f32>(to + c);
                for (let m = 0; m < multiplier; m++) {
                  sum += load<f32>(g + k) * load<f32>(w + k);
                  k += 4;
                }
                store<f32>(to + c, sum);
              }
            }
          }
        }
        g += outPixel;
      }
    }
  }
}

/**
 * args: x, dy, dw, images, then as in {@link depthwiseInputGradient} from height on. A unit is one filter tap.
 * Rows of an image are summed apart and then added, so that the error stays small over many pixels.
 */
export function depthwiseFilterGradient(args: usize, from: i32, to: i32): void {
  const x = <usize>arg(args, 0), dy = <usize>arg(args, 1), dw = <usize>arg(args, 2), images = arg(args, 3);
  const height = arg(args, 4), width = arg(args, 5), channels = arg(args, 6);
  const outHeight = arg(args, 7), outWidth = arg(args, 8);
  const filterX = arg(args, 10), strideY = arg(args, 11), strideX = arg(args, 12);
  const dilationY = arg(args, 13), dilationX = arg(args, 14), top = arg(args, 15), left = arg(args, 16);
  const multiplier = arg(args, 17);
  const pixel = <usize>channels << 2, outPixel = pixel * <usize>multiplier;
  memory.fill(dw + <usize>from * outPixel, 0, <usize>(to - from) * outPixel);
  for (let n = 0; n < images; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let tap = from; tap < to; tap++) {
        const i = tap / filterX, j = tap - i * filterX;
        const iy = oy * strideY - top + i * dilationY;
        if (<u32>iy >= <u32>height) continue;
        const shift = j * dilationX - left;
        const x0 = shift >= 0 ? 0 : (strideX - 1 - shift) / strideX;
        const x1 = shift >= width ? 0 : min(outWidth, (width - 1 - shift) / strideX + 1);
        const a = x + <usize>((n * height + iy) * width + shift) * pixel;
        const b = dy + <usize>((n * outHeight + oy) * outWidth) * outPixel;
        const to = dw + <usize>tap * outPixel;
        const step = <usize>strideX * pixel;
        let k: usize = 0;
        if (multiplier == 1) {
          for (; k + 16 <= pixel; k += 16) {
            let sum = f32x4.splat(0);
            for (let ox = x0; ox < x1; ox++) {
              sum = f32x4.add(
                sum,
                f32x4.mul(v128.load(a + <usize>ox * step + k), v128.load(b + <usize>ox * outPixel + k)),
              );
            }
            v128.store(to + k, f32x4.add(v128.load(to + k), sum));
          }
        }
        for (; k < outPixel; k += 4) {
          const c = (k >> 2) / <usize>multiplier << 2;
          let sum: f32 = 0;
          for (let ox = x0; ox < x1; ox++) {
            sum += load<f32>(a + <usize>ox * step + c) * load<f32>(b + <usize>ox * outPixel + k);
          }
          store<f32>(to + k, load<f32>(to + k) + sum);
        }
      }
    }
  }
}
