import type { Inputs, Shader } from '@crossreg/tfjs/internal';
import * as tf from '@tensorflow/tfjs-core';

/** As on {@link warp}'s portable path: coordinates in parts of a pixel, and the fill modes by number. */
const neighbours = `
  fn indexIn(i : i32, n : i32) -> i32 {
    if (i >= 0 && i < n) { return i; }
    if (uniforms.mode == 0) { return -1; }
    if (uniforms.mode == 1) { return select(n - 1, 0, i < 0); }
    let period = select(n, 2 * n, uniforms.mode == 2);
    var r = i % period;
    if (r < 0) { r = r + period; }
    return select(period - 1 - r, r, r < n);
  }

  // In 2^-14 of a pixel; far outside, any place that is.
  fn subpixels(matrix : i32, place : vec2<f32>, size : i32) -> i32 {
    let centered = matrices[matrix] * place.x + matrices[matrix + 1] * place.y + matrices[matrix + 2];
    let exact = round((centered + f32(size - 1) / 2.0) * 16384.0);
    return i32(clamp(exact, -1073741824.0, 1073741824.0));
  }

  fn placeOf(row : i32, column : i32) -> vec2<f32> {
    let height = uniforms.imagesShape[1];
    let width = uniforms.imagesShape[2];
    return vec2<f32>(f32(column) - f32(width - 1) / 2.0, f32(row) - f32(height - 1) / 2.0);
  }

  fn valueAt(image : i32, row : i32, column : i32, channel : i32) -> f32 {
    if (row < 0 || column < 0) { return uniforms.value; }
    let shape = uniforms.imagesShape;
    return images[((image * shape[1] + row) * shape[2] + column) * shape[3] + channel];
  }

  struct Source { rows : vec2<i32>, columns : vec2<i32>, part : vec2<f32> };
  fn sourceOf(image : i32, place : vec2<f32>) -> Source {
    let height = uniforms.imagesShape[1];
    let width = uniforms.imagesShape[2];
    let x = subpixels(6 * image, place, width);
    let y = subpixels(6 * image + 3, place, height);
    let column = x >> 14u;
    let row = y >> 14u;
    return Source(
      vec2<i32>(indexIn(row, height), indexIn(row + 1, height)),
      vec2<i32>(indexIn(column, width), indexIn(column + 1, width)),
      vec2<f32>(f32(x & 16383), f32(y & 16383)) / 16384.0);
  }

  // Upper left, upper right, lower left, lower right.
  fn four(image : i32, at : Source, channel : i32) -> vec4<f32> {
    return vec4<f32>(
      valueAt(image, at.rows[0], at.columns[0], channel), valueAt(image, at.rows[0], at.columns[1], channel),
      valueAt(image, at.rows[1], at.columns[0], channel), valueAt(image, at.rows[1], at.columns[1], channel));
  }
`;

interface Attributes {
  mode: number;
  value: number;
}

/** One thread per number of the result. */
export const warpShader = ({ images }: Inputs, { mode, value }: Attributes): Shader => ({
  name: 'crossregWarp',
  outputShape: images.shape,
  inputs: ['images', 'matrices'],
  integers: { mode },
  floats: { value },
  threads: tf.util.sizeFromShape(images.shape),
  code: `
    ${neighbours}
    fn main(index : i32) {
      if (index < uniforms.size) {
        let shape = uniforms.imagesShape;
        let channel = index % shape[3];
        let pixel = index / shape[3];
        let column = pixel % shape[2];
        let row = (pixel / shape[2]) % shape[1];
        let image = pixel / (shape[1] * shape[2]);
        let at = sourceOf(image, placeOf(row, column));
        let v = four(image, at, channel);
        result[index] = mix(mix(v.x, v.y, at.part.x), mix(v.z, v.w, at.part.x), at.part.y);
      }
    }
  `,
});

/** Threads in the workgroup of an image. */
const GROUP = 64;

/** dL/dM: one workgroup per image. Its threads share the pixels and add up in pairs, in a fixed order. */
export const warpGradientShader = ({ images, matrices }: Inputs, { mode, value }: Attributes): Shader => ({
  name: 'crossregWarpGradient',
  outputShape: matrices.shape,
  inputs: ['dy', 'images', 'matrices'],
  integers: { mode },
  floats: { value },
  threads: images.shape[0] * GROUP,
  groupSize: GROUP,
  code: `
    ${neighbours}
    var<workgroup> sums : array<array<f32, 6>, ${GROUP}>;
    fn main(index : i32) {
      let shape = uniforms.imagesShape;
      let area = shape[1] * shape[2];
      let image = index / ${GROUP};
      let thread = i32(localIndex);
      var own = array<f32, 6>();
      // There may be more workgroups than images; these must reach the barriers too.
      for (var p = thread; p < area && image < shape[0]; p = p + ${GROUP}) {
        let place = placeOf(p / shape[2], p % shape[2]);
        let at = sourceOf(image, place);
        var slope = vec2<f32>(0.0, 0.0);
        for (var channel = 0; channel < shape[3]; channel++) {
          let v = four(image, at, channel);
          slope += dy[(image * area + p) * shape[3] + channel] *
            vec2<f32>(mix(v.y - v.x, v.w - v.z, at.part.y), mix(v.z - v.x, v.w - v.y, at.part.x));
        }
        own[0] += slope.x * place.x; own[1] += slope.x * place.y; own[2] += slope.x;
        own[3] += slope.y * place.x; own[4] += slope.y * place.y; own[5] += slope.y;
      }
      sums[thread] = own;
      workgroupBarrier();
      for (var half = ${GROUP / 2}; half > 0; half = half / 2) {
        if (thread < half) {
          for (var k = 0; k < 6; k++) { sums[thread][k] += sums[thread + half][k]; }
        }
        workgroupBarrier();
      }
      if (thread < 6 && image < shape[0]) { result[6 * image + thread] = sums[0][thread]; }
    }
  `,
});
