import type { FillMode } from '../src/warp';

/** What one image goes through, in float64, written down plainly from the definitions: to judge the tensors by. */
export interface Amounts {
  translateX: number;
  translateY: number;
  rotate: number;
  shear: number;
  /** Logarithms of factors. */
  scale: number;
  contrast: number;
  saturation: number;
  brightness: number;
  mirrorX: number;
  mirrorY: number;
}

export const nothing: Amounts = {
  translateX: 0,
  translateY: 0,
  rotate: 0,
  shear: 0,
  scale: 0,
  contrast: 0,
  saturation: 0,
  brightness: 0,
  mirrorX: 1,
  mirrorY: 1,
};

export type Size = readonly [height: number, width: number, channels: number];

/** Where pixel (r, c) of the result comes from: each movement undone, the last one first. */
function source(r: number, c: number, [height, width]: Size, a: Amounts): [y: number, x: number] {
  const degree = Math.PI / 180;
  let [x, y] = [c - (width - 1) / 2 - a.translateX, r - (height - 1) / 2 - a.translateY];
  const [cos, sin] = [Math.cos(a.rotate * degree), Math.sin(a.rotate * degree)];
  [x, y] = [cos * x - sin * y, sin * x + cos * y];
  x -= Math.tan(a.shear * degree) * y;
  [x, y] = [x / Math.exp(a.scale), y / Math.exp(a.scale)];
  return [y * a.mirrorY + (height - 1) / 2, x * a.mirrorX + (width - 1) / 2];
}

function inside(i: number, n: number, mode: FillMode): number {
  if (mode === 'edge') return Math.min(Math.max(i, 0), n - 1);
  if (mode === 'wrap') return ((i % n) + n) % n;
  if (mode === 'reflect') {
    const k = ((i % (2 * n)) + 2 * n) % (2 * n);
    return k < n ? k : 2 * n - 1 - k;
  }
  return i;
}

export function warpReference(
  image: ArrayLike<number>,
  size: Size,
  amounts: Amounts,
  mode: FillMode,
  fillValue = 0,
): Float64Array {
  const [height, width, channels] = size;
  const out = new Float64Array(height * width * channels);
  const pixel = (y: number, x: number, ch: number) => {
    const [i, j] = [inside(y, height, mode), inside(x, width, mode)];
    if (i < 0 || i >= height || j < 0 || j >= width) return fillValue;
    return image[(i * width + j) * channels + ch];
  };
  for (let r = 0; r < height; r++) {
    for (let c = 0; c < width; c++) {
      const [y, x] = source(r, c, size, amounts);
      const [top, left] = [Math.floor(y), Math.floor(x)];
      const [fy, fx] = [y - top, x - left];
      for (let ch = 0; ch < channels; ch++) {
        out[(r * width + c) * channels + ch] =
          (1 - fy) * ((1 - fx) * pixel(top, left, ch) + fx * pixel(top, left + 1, ch)) +
          fy * ((1 - fx) * pixel(top + 1, left, ch) + fx * pixel(top + 1, left + 1, ch));
      }
    }
  }
  return out;
}

export function augmentReference(
  image: ArrayLike<number>,
  size: Size,
  amounts: Amounts,
  mode: FillMode,
  fillValue = 0,
): Float64Array {
  const [height, width, channels] = size;
  const out = warpReference(image, size, amounts, mode, fillValue);
  const colours = Math.min(channels, 3);
  const grey = (v: Float64Array, p: number) =>
    colours === 1
      ? v[p * channels]
      : 0.299 * v[p * channels] + 0.587 * v[p * channels + 1] + 0.114 * v[p * channels + 2];
  const pixels = height * width;
  let mean = 0;
  for (let p = 0; p < pixels; p++) mean += grey(out, p) / pixels;
  for (let p = 0; p < pixels; p++) {
    const middle = grey(out, p);
    for (let ch = 0; ch < colours; ch++) {
      const saturated = middle + Math.exp(amounts.saturation) * (out[p * channels + ch] - middle);
      out[p * channels + ch] = mean + Math.exp(amounts.contrast) * (saturated - mean) + amounts.brightness;
    }
  }
  return out;
}
