import '@tensorflow/tfjs';
import '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { affine } from './affine';
import { fillModes, warp } from './warp';

test('the kernels of tfjs-wasm agree with the portable path', async () => {
  const small = (max: number) => fc.integer({ min: 1, max });
  const cases = fc.sample(
    fc.record({
      size: fc.tuple(small(4), small(14), small(18), fc.constantFrom(1, 3, 4)),
      mode: fc.constantFrom(...fillModes),
      value: fc.integer({ min: -3, max: 3 }),
      seed: small(1e6),
      reach: fc.constantFrom(0.3, 1, 4),
    }),
    { numRuns: 60, seed: 3 },
  );
  const run = async (backend: string) => {
    await tf.setBackend(backend);
    return cases.map(({ size, mode, value, seed, reach }) =>
      tf.tidy(() => {
        const u = (scale: number, i: number) =>
          tf.randomUniform([size[0]], -scale, scale, 'float32', seed + i);
        const motion = {
          rotate: u(25 * reach, 1),
          scale: u(0.2, 2),
          translateX: u(reach, 3),
          translateY: u(reach, 4),
        };
        const [x, weights] = [5, 6].map((i) => tf.randomUniform(size, 0, 1, 'float32', seed + i));
        const loss = (m: tf.Tensor) =>
          tf.mul(weights, warp(x as tf.Tensor4D, m as tf.Tensor3D, { mode, value }));
        // Off the whole numbers, where the slope jumps and rounding decides which side is taken.
        const matrices = tf.add(affine(size[0], motion), 1e-3);
        const gradient = tf.grad((m) => tf.sum(loss(m)))(matrices);
        return [loss(matrices), gradient].map((t) => [...t.dataSync()]);
      }),
    );
  };
  const [portable, kernels] = [await run('cpu'), await run('wasm')];
  portable.forEach((both, i) => {
    both.forEach((numbers, which) => {
      numbers.forEach((v, p) => {
        const error = Math.abs(kernels[i][which][p] - v) / (1 + Math.abs(v));
        expect(error, JSON.stringify(cases[i])).toBeLessThan(which === 0 ? 1e-3 : 2e-3);
      });
    });
  });
});

test.each(['cpu', 'wasm'])('images of whole numbers are warped as their numbers (%s)', async (backend) => {
  await tf.setBackend(backend);
  // As tf.browser.fromPixels gives them.
  const images = tf.tensor4d([10, 20, 30, 40, 50, 60], [1, 2, 3, 1], 'int32');
  const motion = { translateX: tf.tensor1d([1]) };
  const moved = warp(images, affine(1, motion), { mode: 'edge' });
  expect([...moved.dataSync()]).toEqual([10, 10, 20, 40, 40, 50]);
});
