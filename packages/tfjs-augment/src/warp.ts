import { ArgumentError } from '@crossreg/core';
import { checkOptions, show } from '@crossreg/core/internal';
import { backendKernel, operation } from '@crossreg/tfjs/internal';
import * as tf from '@tensorflow/tfjs-core';
import { warpGradientShader, warpShader } from './warpShader';

/**
 * What lies beyond the edge of an image a b c d:
 * - `constant`: one value, k k | a b c d | k k;
 * - `edge`: the last pixel goes on, a a | a b c d | d d;
 * - `reflect`: the image mirrored, b a | a b c d | d c;
 * - `wrap`: the image again, c d | a b c d | a b.
 */
export const fillModes = ['constant', 'edge', 'reflect', 'wrap'] as const;
export type FillMode = (typeof fillModes)[number];

export interface Fill {
  mode: FillMode;
  /** Of `constant`; default 0. */
  value?: number;
}

/** Refuses anything but a fill mode. */
export function checkFillMode(argument: string, mode: unknown): FillMode {
  if (!fillModes.includes(mode as FillMode)) {
    throw new ArgumentError(
      argument,
      `must be ${fillModes.map(show).join(', ')}, but is ${show(mode)}. Leave it out for the default.`,
    );
  }
  return mode as FillMode;
}

/** Refuses anything but a finite number. */
export function checkFillValue(argument: string, value: unknown): number {
  if (!Number.isFinite(value)) {
    throw new ArgumentError(argument, `must be a finite number, but is ${show(value)}. Use 0.`);
  }
  return value as number;
}

/**
 * Coordinates are rounded to this part of a pixel, so that a float32 angle of 90°, or a shift that is whole up to rounding,
 * hits pixels exactly. The error is far below that of bilinear interpolation.
 */
const SUBPIXELS = 2 ** 14;

/**
 * Resamples each image of a batch once, bilinearly, by its own affine map.
 *
 * Pixel (column, row) of the result is the image at M · (column − c_x, row − c_y, 1) + (c_x, c_y), where c = ((width − 1)/2,
 * (height − 1)/2) is the center. The map leads from the result to the image.
 *
 * Differentiable in the matrices and in the images. A gradient is computed only on demand, and only the two inputs are kept for
 * it: the derivatives along x and y come from the same four neighbours, read again. A training step with fixed ranges and
 * constant images pays for the forward pass only.
 *
 * @param images - [batch, height, width, channels].
 * @param matrices - M of every image, [batch, 2, 3].
 * @throws ArgumentError for an unknown mode, and a fill value that is not finite.
 */
export function warp(images: tf.Tensor4D, matrices: tf.Tensor3D, fill: Fill): tf.Tensor4D {
  checkOptions('warp', fill, { mode: 1, value: 1 });
  checkFillMode('mode', fill?.mode);
  checkFillValue('value', fill.value ?? 0);
  // Kernels read float32 from memory, whatever is there.
  if (images.dtype !== 'float32') return tf.tidy(() => warp(tf.cast(images, 'float32'), matrices, fill));
  const attrs = { mode: fillModes.indexOf(fill.mode), value: fill.value ?? 0 };
  return operation(
    { images, matrices },
    () =>
      (backendKernel('CrossregWarp', { images, matrices }, attrs, warpShader) ??
        resample(images, matrices, fill)) as tf.Tensor4D,
    (dy, [from, by]) => ({
      matrices: () =>
        backendKernel(
          'CrossregWarpGradient',
          { dy, images: from, matrices: by },
          attrs,
          warpGradientShader,
        ) ?? matrixGradient(dy, from as tf.Tensor4D, by as tf.Tensor3D, fill),
      images: () => imageGradient(dy, images.shape, by as tf.Tensor3D, fill),
    }),
    [images, matrices],
  );
}

/** Columns (c − c_x, r − c_y, 1) of all pixels, [3, height · width]. */
function grid(height: number, width: number): tf.Tensor2D {
  const values = new Float32Array(3 * height * width);
  for (let r = 0, p = 0; r < height; r++) {
    for (let c = 0; c < width; c++, p++) {
      values[p] = c - (width - 1) / 2;
      values[height * width + p] = r - (height - 1) / 2;
      values[2 * height * width + p] = 1;
    }
  }
  return tf.tensor2d(values, [3, height * width]);
}

/**
 * One of the four neighbours of every pixel: its row among all pixels of the batch, its weight, and whether it lies in the
 * image.
 */
interface Neighbour {
  index: tf.Tensor1D;
  /** 0 beyond the edge in mode `constant`, else 1; undefined if the mode has no beyond. */
  inside?: tf.Tensor;
}

/** The source of every pixel of the result. Entries have shape [pixels of the batch, 1]. */
function neighbours([batch, height, width]: number[], matrices: tf.Tensor, mode: FillMode) {
  const area = height * width;
  const coordinates = tf.reshape(tf.matMul(tf.reshape(matrices, [batch * 2, 3]), grid(height, width)), [
    batch,
    2,
    area,
  ]);
  const axis = (which: number, size: number) => {
    const centered = tf.reshape(tf.slice(coordinates, [0, which, 0], [batch, 1, area]), [batch * area, 1]);
    const exact = tf.div(tf.round(tf.mul(tf.add(centered, (size - 1) / 2), SUBPIXELS)), SUBPIXELS);
    const first = tf.floor(exact);
    return {
      fraction: tf.sub(exact, first),
      first: indexIn(first, size, mode),
      second: indexIn(tf.add(first, 1), size, mode),
    };
  };
  const [x, y] = [axis(0, width), axis(1, height)];
  const start = tf.reshape(
    tf.tile(tf.reshape(tf.mul(tf.range(0, batch, 1, 'int32'), tf.scalar(area, 'int32')), [batch, 1]), [
      1,
      area,
    ]),
    [batch * area, 1],
  );
  const neighbour = (row: typeof y.first, column: typeof x.first): Neighbour => ({
    index: tf.reshape(tf.add(start, tf.add(tf.mul(row.index, tf.scalar(width, 'int32')), column.index)), [
      batch * area,
    ]),
    inside: row.inside && column.inside && tf.mul(row.inside, column.inside),
  });
  return {
    fx: x.fraction,
    fy: y.fraction,
    corners: [
      neighbour(y.first, x.first),
      neighbour(y.first, x.second),
      neighbour(y.second, x.first),
      neighbour(y.second, x.second),
    ],
  };
}

/** Whole coordinates, brought into the image as the fill mode prescribes. */
function indexIn(i: tf.Tensor, size: number, mode: FillMode) {
  const clipped = (x: tf.Tensor) => tf.clipByValue(x, 0, size - 1);
  const modulo = (n: number) => tf.sub(i, tf.mul(tf.floor(tf.div(i, n)), n));
  let index = clipped(i);
  let inside: tf.Tensor | undefined;
  if (mode === 'constant') inside = tf.cast(tf.equal(index, i), 'float32');
  if (mode === 'wrap') index = clipped(modulo(size));
  if (mode === 'reflect') {
    const r = modulo(2 * size);
    index = clipped(tf.minimum(r, tf.sub(2 * size - 1, r)));
  }
  return { index: tf.cast(index, 'int32'), inside };
}

/** The values of the neighbours, each [pixels of the batch, channels]. */
function values(images: tf.Tensor, corners: readonly Neighbour[], { value = 0 }: Fill): tf.Tensor[] {
  const flat = tf.reshape(images, [-1, images.shape[3] as number]);
  return corners.map(({ index, inside }) => {
    const pixels = tf.gather(flat, index);
    return inside ? tf.add(tf.mul(pixels, inside), tf.mul(tf.sub(1, inside), value)) : pixels;
  });
}

function resample(images: tf.Tensor4D, matrices: tf.Tensor3D, fill: Fill): tf.Tensor4D {
  const { fx, fy, corners } = neighbours(images.shape, matrices, fill.mode);
  const [v00, v01, v10, v11] = values(images, corners, fill);
  const mix = (a: tf.Tensor, b: tf.Tensor, f: tf.Tensor) => tf.add(tf.mul(a, tf.sub(1, f)), tf.mul(b, f));
  return tf.reshape(mix(mix(v00, v01, fx), mix(v10, v11, fx), fy), images.shape);
}

/** dL/dM = Σ over pixels of dL/d(source coordinate) ⊗ (x, y, 1). */
function matrixGradient(dy: tf.Tensor, images: tf.Tensor4D, matrices: tf.Tensor3D, fill: Fill): tf.Tensor3D {
  const [batch, height, width, channels] = images.shape;
  const { fx, fy, corners } = neighbours(images.shape, matrices, fill.mode);
  const [v00, v01, v10, v11] = values(images, corners, fill);
  const flat = tf.reshape(dy, [-1, channels]);
  /** Along an axis: the difference of neighbours, mixed across the other axis. */
  const along = (a: tf.Tensor, b: tf.Tensor, f: tf.Tensor) => {
    const slope = tf.add(tf.mul(a, tf.sub(1, f)), tf.mul(b, f));
    return tf.reshape(tf.sum(tf.mul(flat, slope), 1), [batch, 1, height * width]);
  };
  const slopes = tf.concat(
    [along(tf.sub(v01, v00), tf.sub(v11, v10), fy), along(tf.sub(v10, v00), tf.sub(v11, v01), fx)],
    1,
  );
  const products = tf.matMul(
    tf.reshape(slopes, [batch * 2, height * width]),
    grid(height, width),
    false,
    true,
  );
  return tf.reshape(products, [batch, 2, 3]);
}

/** The bilinear weights in reverse: every pixel passes its gradient back to its four neighbours. */
function imageGradient(
  dy: tf.Tensor,
  shape: tf.Tensor4D['shape'],
  matrices: tf.Tensor3D,
  { mode }: Fill,
): tf.Tensor4D {
  const { fx, fy, corners } = neighbours(shape, matrices, mode);
  const flat = tf.reshape(dy, [-1, shape[3]]);
  const [gx, gy] = [tf.sub(1, fx), tf.sub(1, fy)];
  const weights = [tf.mul(gy, gx), tf.mul(gy, fx), tf.mul(fy, gx), tf.mul(fy, fx)];
  const shares = corners.map(({ inside }, i) =>
    tf.mul(flat, inside ? tf.mul(weights[i], inside) : weights[i]),
  );
  const indices = tf.concat(corners.map(({ index }) => index));
  return tf.reshape(tf.unsortedSegmentSum(tf.concat(shares), indices as tf.Tensor1D, flat.shape[0]), shape);
}
