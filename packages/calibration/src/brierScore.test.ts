import { expect, test } from 'vitest';
import { brierDecomposition, brierScore } from './brierScore';

test('is 0 for right and certain, 2 for wrong and certain', () => {
  expect(brierScore([[0, 1]], [1])).toBe(0);
  expect(brierScore([[0, 1]], [0])).toBe(2);
  expect(brierScore([[0.5, 0.5]], [0])).toBe(0.5);
});

test('a forecast that is constant within each bin has no variance within bins', () => {
  const probabilities = [0.1, 0.1, 0.1, 0.7, 0.7, 0.7, 0.7].map((p) => [1 - p, p]);
  const labels = [0, 0, 1, 1, 1, 1, 0];
  const { brier, reliability, resolution, uncertainty, withinBin } = brierDecomposition(
    probabilities,
    labels,
  );
  expect(brier).toBe(brierScore(probabilities, labels));
  expect(withinBin).toBeCloseTo(0, 14);
  expect(uncertainty).toBeCloseTo(2 * (4 / 7) * (3 / 7), 14);
  expect(reliability).toBeCloseTo(2 * ((3 / 7) * (1 / 3 - 0.1) ** 2 + (4 / 7) * 0.05 ** 2), 14);
  expect(brier).toBeCloseTo(reliability - resolution + uncertainty, 14);
});

test('a forecast of the base rates has all the uncertainty and no resolution', () => {
  const parts = brierDecomposition(
    [0, 1, 2, 3].map(() => [0.25, 0.75]),
    [0, 1, 1, 1],
  );
  expect(parts.reliability).toBeCloseTo(0, 14);
  expect(parts.resolution).toBeCloseTo(0, 14);
  expect(parts.brier).toBeCloseTo(parts.uncertainty, 14);
});
