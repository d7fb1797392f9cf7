import { expect, test } from 'vitest';
import { warpGradientShader, warpShader } from './warpShader';

// WGSL runs on GPUs: scripts/suite holds what it computes against the other backends.
const tensor = (...shape: number[]) => ({ dataId: {}, shape, dtype: 'float32' as const });
const inputs = {
  dy: tensor(70_000, 4, 5, 3),
  images: tensor(70_000, 4, 5, 3),
  matrices: tensor(70_000, 2, 3),
};

test('the result has a thread for each of its numbers', () => {
  const shader = warpShader(inputs, { mode: 2, value: 0.5 });
  expect(shader).toMatchObject({ outputShape: [70_000, 4, 5, 3], threads: 70_000 * 60 });
  expect([shader.integers, shader.floats]).toEqual([{ mode: 2 }, { value: 0.5 }]);
});

test('the gradient has a workgroup for each image', () => {
  const { outputShape, threads, groupSize } = warpGradientShader(inputs, { mode: 0, value: 0 });
  expect(outputShape).toEqual([70_000, 2, 3]);
  expect(threads / groupSize!).toBe(70_000);
});

test('all fill modes share one program, which is compiled once', () => {
  const [first, second] = [0, 3].map((mode) => warpShader(inputs, { mode, value: mode }));
  expect([second.name, second.code]).toEqual([first.name, first.code]);
});
