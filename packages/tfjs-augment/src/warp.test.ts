import { readFileSync } from 'node:fs';
import '@crossreg/tfjs-wasm';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { type Amounts, nothing, type Size, warpReference } from '../test/reference';
import { affine } from './affine';
import { type FillMode, fillModes, warp } from './warp';

/** Numbers in [0, 1) from a seed, the same everywhere. */
function pixels(count: number, seed: number): Float32Array {
  let state = Math.imul(seed, 2654435761) + 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24;
  });
}
const sized = ([h, w, c]: Size, batch: number, seed: number) =>
  tf.tensor4d(pixels(batch * h * w * c, seed), [batch, h, w, c]);

type Movement = Omit<Amounts, 'contrast' | 'saturation' | 'brightness'>;
const movements = ['translateX', 'translateY', 'rotate', 'shear', 'scale', 'mirrorX', 'mirrorY'] as const;
const matrices = (amounts: readonly Partial<Movement>[]) =>
  affine(
    amounts.length,
    Object.fromEntries(
      movements.map((name) => [name, tf.tensor1d(amounts.map((a) => ({ ...nothing, ...a })[name]))]),
    ),
  );
const warped = (x: tf.Tensor4D, a: Partial<Movement>, mode: FillMode, value = 0) =>
  tf.tidy(() => [...warp(x, matrices(Array(x.shape[0]).fill(a)), { mode, value }).dataSync()]);
const numbers = (x: tf.Tensor) => [...x.dataSync()];

const sizes: Size[] = [
  [7, 7, 1],
  [5, 9, 3],
  [8, 6, 4],
  [1, 5, 3],
  [4, 1, 1],
  [13, 16, 2],
  [6, 6, 7],
];
const moved: Partial<Movement>[] = [
  { rotate: 23.7, shear: -8.3, scale: 0.21, translateX: 1.37, translateY: -0.81 },
  { rotate: -151, scale: -0.4, translateX: -7.2, translateY: 9.45, mirrorX: -1 },
  { shear: 31, scale: 0.9, mirrorY: -1, translateX: 0.23, translateY: -0.41 },
];

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  const use = () => tf.setBackend(backend);

  test.each(fillModes)('%s: no movement is the identity, exactly', async (mode) => {
    await use();
    for (const size of sizes) {
      const x = sized(size, 2, 1);
      expect(warped(x, {}, mode, 3)).toEqual(numbers(x));
    }
  });

  test('a shift by whole pixels is exact, in every fill mode', async () => {
    await use();
    const x = tf.tensor4d([1, 2, 3, 4], [1, 1, 4, 1]);
    expect(warped(x, { translateX: 1 }, 'constant', 9)).toEqual([9, 1, 2, 3]);
    expect(warped(x, { translateX: -2 }, 'edge')).toEqual([3, 4, 4, 4]);
    expect(warped(x, { translateX: 2 }, 'reflect')).toEqual([2, 1, 1, 2]);
    expect(warped(x, { translateX: -6 }, 'reflect')).toEqual([2, 1, 1, 2]);
    expect(warped(x, { translateX: 1 }, 'wrap')).toEqual([4, 1, 2, 3]);
    expect(warped(x, { translateX: -5 }, 'wrap')).toEqual([2, 3, 4, 1]);
    const column = tf.reshape(x, [1, 4, 1, 1]) as tf.Tensor4D;
    expect(warped(column, { translateY: 1 }, 'constant', 9)).toEqual([9, 1, 2, 3]);
  });

  test('flips and rotations by 90° are exact, on odd and even sizes', async () => {
    await use();
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
    expect(warped(x, { rotate: 90 }, 'constant')).toEqual([3, 6, 9, 2, 5, 8, 1, 4, 7]);
    expect(warped(x, { rotate: -90 }, 'constant')).toEqual([7, 4, 1, 8, 5, 2, 9, 6, 3]);
    expect(warped(x, { mirrorX: -1 }, 'constant')).toEqual([3, 2, 1, 6, 5, 4, 9, 8, 7]);
    expect(warped(x, { mirrorY: -1 }, 'constant')).toEqual([7, 8, 9, 4, 5, 6, 1, 2, 3]);
    for (const n of [29, 32]) {
      const image = sized([n, n, 3], 1, 5);
      const turned = numbers(tf.reverse(tf.transpose(image, [0, 2, 1, 3]), 1));
      expect(warped(image, { rotate: 90 }, 'constant', 5)).toEqual(turned);
    }
  });

  test.each(fillModes)('%s: agrees with the float64 reference', async (mode) => {
    await use();
    for (const size of sizes) {
      const x = sized(size, moved.length, 3);
      const actual = tf.tidy(() => numbers(warp(x, matrices(moved), { mode, value: 0.3 })));
      const area = size[0] * size[1] * size[2];
      const flat = x.dataSync();
      moved.forEach((a, b) => {
        const image = flat.slice(b * area, (b + 1) * area);
        warpReference(image, size, { ...nothing, ...a }, mode, 0.3).forEach((v, i) => {
          // Coordinates are rounded to 2⁻¹⁴ pixels, and neighbours differ by less than 1.
          expect(Math.abs(actual[b * area + i] - v)).toBeLessThan(2e-4);
        });
      });
    }
  });

  test.each(fillModes)('%s: gradients of matrices and pixels agree with finite differences', async (mode) => {
    await use();
    for (const [i, size] of sizes.entries()) {
      const area = size[0] * size[1] * size[2];
      const x = sized(size, moved.length, 10 + i);
      const weights = pixels(moved.length * area, 20 + i);
      const upstream = tf.tensor4d(weights, x.shape);
      const flat = x.dataSync();
      // Through the amounts, so that the whole chain is compared.
      const names = movements.slice(0, 5);
      const variables = names.map((name) => tf.tensor1d(moved.map((a) => ({ ...nothing, ...a })[name])));
      const mirrors = {
        mirrorX: tf.tensor1d(moved.map((a) => a.mirrorX ?? 1)),
        mirrorY: tf.tensor1d(moved.map((a) => a.mirrorY ?? 1)),
      };
      const gradients = tf
        .grads((image, ...vs) => {
          const motion = { ...Object.fromEntries(names.map((name, k) => [name, vs[k]])), ...mirrors };
          const m = affine(moved.length, motion);
          return tf.sum(tf.mul(upstream, warp(image as tf.Tensor4D, m, { mode, value: 0.3 })));
        })([x, ...variables])
        .map(numbers);
      const loss = (a: Amounts, b: number, image: ArrayLike<number>) =>
        warpReference(image, size, a, mode, 0.3).reduce((sum, v, p) => sum + v * weights[b * area + p], 0);
      moved.forEach((a, b) => {
        const image = Float64Array.from(flat.slice(b * area, (b + 1) * area));
        const at = { ...nothing, ...a };
        names.forEach((name, k) => {
          const h = 1e-6;
          const up = loss({ ...at, [name]: at[name] + h }, b, image);
          const down = loss({ ...at, [name]: at[name] - h }, b, image);
          const expected = (up - down) / (2 * h);
          const error = Math.abs(gradients[1 + k][b] - expected) / (1 + Math.abs(expected));
          expect(error, `${name} of image ${b}, size ${size}`).toBeLessThan(2e-3);
        });
        for (const p of [0, Math.floor(area / 3), area - 1]) {
          const nudged = image.slice();
          nudged[p] += 1;
          expect(
            Math.abs(gradients[0][b * area + p] - (loss(at, b, nudged) - loss(at, b, image))),
          ).toBeLessThan(2e-3);
        }
      });
      tf.dispose([x, upstream, ...variables, ...Object.values(mirrors)]);
    }
  });

  test('agrees with scikit-image', async () => {
    await use();
    const { images, results, fillValue } = JSON.parse(
      readFileSync(new URL('../test/fixtures/warp.json', import.meta.url), 'utf8'),
    );
    for (const { image, mode, pixels: expected, scale, ...movement } of results) {
      const { shape, pixels: values } = images[image];
      const x = tf.tensor4d(values, [1, ...shape] as [number, number, number, number]);
      const actual = warped(x, { ...movement, scale: Math.log(scale) }, mode, fillValue);
      actual.forEach((v, i) => {
        expect(Math.abs(v - expected[i]), `${mode} ${JSON.stringify(movement)}`).toBeLessThan(1e-3);
      });
    }
  });

  test('if only later layers need a gradient, no gradient of the warp is computed', async () => {
    await use();
    const [x, m] = [sized([8, 8, 3], 4, 1), matrices(moved.concat({}))];
    const after = tf.scalar(2);
    const { kernels } = await tf.profile(() => {
      tf.grad((s) => tf.sum(tf.mul(s, warp(x, m, { mode: 'edge' }))))(after);
    });
    const names = kernels.map(({ name }) => name);
    expect(names).not.toContain('UnsortedSegmentSum');
    expect(names).not.toContain('CrossregWarpGradient');
    // Four neighbours are read once, for the forward pass.
    expect(names.filter((name) => name === 'GatherV2').length).toBeLessThanOrEqual(4);
  });
});
