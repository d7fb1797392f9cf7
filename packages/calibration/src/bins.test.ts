import { expect, test } from 'vitest';
import { binConfidences } from './bins';

const bin = (confidences: number[], options = {}) =>
  binConfidences(Float64Array.from(confidences), new Uint8Array(confidences.length).fill(1), options);

test('equal width: (lo, hi], the first bin closed below, empty bins left out', () => {
  expect(
    bin([0, 0.25, 0.5, 0.51, 1], { bins: 4 }).map(({ lower, upper, count }) => [lower, upper, count]),
  ).toEqual([
    [0, 0.25, 2],
    [0.25, 0.5, 1],
    [0.5, 0.75, 1],
    [0.75, 1, 1],
  ]);
  expect(bin([0.1, 0.9], { bins: 10 })).toHaveLength(2);
});

test('equal mass: as even as the count allows', () => {
  const curve = bin([0.5, 0.1, 0.4, 0.2, 0.3, 0.6, 0.7], { bins: 3, strategy: 'quantile' });
  expect(curve.map(({ count }) => count)).toEqual([2, 3, 2]);
  expect(curve.map(({ lower, upper }) => [lower, upper])).toEqual([
    [0.1, 0.2],
    [0.3, 0.5],
    [0.6, 0.7],
  ]);
  expect(curve[1].confidence).toBeCloseTo(0.4, 14);
});

test('equal mass keeps equal confidences together', () => {
  expect(bin([1, 1, 1, 0.2, 1, 1], { bins: 3, strategy: 'quantile' }).map(({ count }) => count)).toEqual([6]);
  expect(bin([1, 1, 0.1, 0.2, 1, 1], { bins: 3, strategy: 'quantile' }).map(({ count }) => count)).toEqual([
    2, 4,
  ]);
});

test('a confidence on an edge falls into the same bin in float64 and float32, for any number of bins (0.58 and 0.07 did not)', () => {
  for (const bins of [10, 15, 49, 100, 1000]) {
    for (let k = 1; k <= bins; k++) {
      for (const confidence of [k / bins, Math.fround(k / bins)]) {
        const [only] = bin([confidence], { bins });
        expect(only.upper).toBe(k / bins);
      }
      const [above] = bin([(k - 1) / bins + 1e-9], { bins });
      expect(above.upper).toBe(k / bins);
    }
  }
});
