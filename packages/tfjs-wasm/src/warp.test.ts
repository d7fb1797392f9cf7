import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { floats, wasm } from '../test/agreement';
import { bits, Kernels } from './kernels';

beforeAll(() => tf.setBackend('wasm'));

type Size = readonly [batch: number, height: number, width: number, channels: number];
const modes = ['constant', 'edge', 'reflect', 'wrap'];

/** An integer coordinate mapped into [0, n) by the fill mode, or −1. */
function place(i: number, n: number, mode: string): number {
  const modulo = (m: number) => ((i % m) + m) % m;
  if (mode === 'edge') return Math.min(Math.max(i, 0), n - 1);
  if (mode === 'wrap') return modulo(n);
  if (mode === 'reflect') return Math.min(modulo(2 * n), 2 * n - 1 - modulo(2 * n));
  return i >= 0 && i < n ? i : -1;
}

/** The warp, and the gradient of its matrices for `dy`, by the definition in float64. */
function defined(
  [batch, h, w, c]: Size,
  images: Numbers,
  matrices: Numbers,
  dy: Numbers,
  mode: string,
  fill: number,
) {
  const [result, gradient] = [new Float64Array(batch * h * w * c), new Float64Array(batch * 6)];
  const rounded = (v: number) => Math.round(v * 2 ** 14) / 2 ** 14;
  for (let b = 0; b < batch; b++) {
    const m = matrices.slice(6 * b, 6 * b + 6);
    const at = (row: number, column: number, k: number) => {
      const [i, j] = [place(row, h, mode), place(column, w, mode)];
      return i < 0 || j < 0 ? fill : images[((b * h + i) * w + j) * c + k];
    };
    for (let r = 0; r < h; r++) {
      for (let s = 0; s < w; s++) {
        const [x, y] = [s - (w - 1) / 2, r - (h - 1) / 2];
        const sx = rounded(m[0] * x + m[1] * y + m[2] + (w - 1) / 2);
        const sy = rounded(m[3] * x + m[4] * y + m[5] + (h - 1) / 2);
        const [left, top] = [Math.floor(sx), Math.floor(sy)];
        const [fx, fy] = [sx - left, sy - top];
        for (let k = 0; k < c; k++) {
          const o = ((b * h + r) * w + s) * c + k;
          const [v00, v01] = [at(top, left, k), at(top, left + 1, k)];
          const [v10, v11] = [at(top + 1, left, k), at(top + 1, left + 1, k)];
          result[o] = (1 - fy) * ((1 - fx) * v00 + fx * v01) + fy * ((1 - fx) * v10 + fx * v11);
          const alongX = dy[o] * ((1 - fy) * (v01 - v00) + fy * (v11 - v10));
          const alongY = dy[o] * ((1 - fx) * (v10 - v00) + fx * (v11 - v01));
          [alongX * x, alongX * y, alongX, alongY * x, alongY * y, alongY].forEach((v, i) => {
            gradient[6 * b + i] += v;
          });
        }
      }
    }
  }
  return { result, gradient };
}
type Numbers = ArrayLike<number> & { slice(from: number, to: number): ArrayLike<number> };

/** Both kernels. The warp takes two calls, as on two threads. */
function run(
  kernels: Kernels,
  size: Size,
  images: Numbers,
  matrices: Numbers,
  dy: Numbers,
  mode: string,
  fill: number,
) {
  const [batch, ...rest] = size;
  const tensors = [images, dy, new Float32Array(images.length)].map((v) =>
    tf.tensor(v as Float32Array, [...size]),
  );
  const maps = tf.tensor(matrices as Float32Array, [batch, 2, 3]);
  const gradient = tf.zeros([batch, 2, 3]);
  const [from, upstream, out, by, products] = [...tensors, maps, gradient].map((t) => kernels.address(t));
  const shared = [...rest, modes.indexOf(mode), bits(fill), batch];
  const exports = (kernels as any).exports;
  const call = (kernel: 'warp' | 'warpGradient', args: number[], parts: number[]) => {
    kernels.heap().set(args, (kernels as any).args >>> 2);
    for (let i = 1; i < parts.length; i++) exports[kernel]((kernels as any).args, parts[i - 1], parts[i]);
  };
  const rows = batch * size[1];
  call('warp', [from, by, out, ...shared], [0, rows >> 1, rows]);
  call('warpGradient', [from, by, products, ...shared, upstream], [0, batch >> 1, batch]);
  const numbers = [tensors[2], gradient].map((t) => Float64Array.from(t.dataSync()));
  tf.dispose([...tensors, maps, gradient]);
  return { result: numbers[0], gradient: numbers[1] };
}

const small = (max: number) => fc.integer({ min: 1, max });
const size = fc.tuple(small(3), small(12), small(19), fc.constantFrom(1, 3, 4, 2, 7)) as fc.Arbitrary<Size>;
const part = (reach: number) => fc.integer({ min: -1000, max: 1000 }).map((v) => (v / 1000) * reach);

test.each([false, true])('agrees with the definition, with relaxed SIMD: %j', (mayRelax) => {
  const kernels = new Kernels(wasm(), mayRelax);
  fc.assert(
    fc.property(
      size,
      fc.constantFrom(...modes),
      fc.nat(),
      // A rotation, a magnification, and a shift that moves some pixels, and sometimes all, over the edge.
      fc.array(fc.tuple(part(180), part(0.7), part(9), part(9)), { minLength: 3, maxLength: 3 }),
      (shape, mode, seed, movements) => {
        const matrices = movements.slice(0, shape[0]).flatMap(([degrees, log, dx, dy]) => {
          const [cos, sin] = [Math.cos, Math.sin].map((f) => f((degrees * Math.PI) / 180) * Math.exp(log));
          return [cos, -sin, dx, sin, cos, dy];
        });
        const maps = Float32Array.from(matrices);
        const [images, dy] = [floats(shape, seed).values, floats(shape, seed + 1).values];
        const expected = defined(shape, images, maps, dy, mode, 0.3);
        const actual = run(kernels, shape, images, maps, dy, mode, 0.3);
        // A coordinate may be rounded to the neighbouring subpixel. At a kink it then has another slope, and the gradient
        // jumps. So the test allows a few wrong entries.
        expected.result.forEach((v, i) => {
          expect(Math.abs(actual.result[i] - v)).toBeLessThan(3e-4);
        });
        const off = expected.gradient.filter(
          (v, i) => Math.abs(actual.gradient[i] - v) > 2e-3 * (1 + Math.abs(v)),
        );
        expect(off.length).toBe(0);
      },
    ),
    { numRuns: 150, seed: 5 },
  );
});

test('maps that are not finite, or lead far away, read no memory outside the image', () => {
  const kernels = new Kernels(wasm());
  const shape = [5, 3, 9, 3] as const;
  const far = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, -1e9];
  const maps = Float32Array.from(far.flatMap((v) => [1, 0, v, 0, 1, v]));
  const images = floats(shape, 1).values;
  for (const mode of modes) {
    const { result } = run(kernels, shape, images, maps, images, mode, 7);
    const allowed = new Set([7, ...images]);
    // Pixels of the image, or means of them, which lie in [−1, 1].
    expect(result.every((v) => allowed.has(v) || Math.abs(v) <= 1)).toBe(true);
    if (mode === 'constant') expect(new Set(result.slice(81))).toEqual(new Set([7]));
  }
});
