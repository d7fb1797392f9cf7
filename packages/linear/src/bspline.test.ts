import { float64 as fw } from '@crossreg/core';
import { expect, test } from 'vitest';
import { bsplineBasis, clampedKnots, secondDerivatives } from './bspline';

test('B-splines sum to one, and derivatives agree with differences', () => {
  const knots = clampedKnots([0, 0.1, 0.15, 0.6, 0.61, 1], 3);
  const points = [0, 0.05, 0.1, 0.3, 0.6, 0.605, 0.99, 1];
  const { data, shape } = bsplineBasis(points, knots, 3);
  points.forEach((_, i) => {
    expect(data.slice(i * shape[1], (i + 1) * shape[1]).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });
  for (const order of [1, 2]) {
    for (const x of [0.05, 0.3, 0.605, 0.99]) {
      const at = (z: number) => bsplineBasis([z], knots, 3, order - 1).data;
      const [above, below] = [at(x + 1e-6), at(x - 1e-6)];
      bsplineBasis([x], knots, 3, order).data.forEach((v, i) => {
        expect(Math.abs(v - (above[i] - below[i]) / 2e-6)).toBeLessThan(1e-5 * (1 + Math.abs(v)));
      });
    }
  }
});

test('the roughness ‖Fw‖² is the integral of the squared second derivative', () => {
  const knots = clampedKnots([0, 0.3, 0.35, 0.7, 1], 3);
  const root = secondDerivatives(knots);
  const w = fw.normal([root.shape[1], 1], 4);
  const points = 20_000;
  const midpoints = Float64Array.from({ length: points }, (_, i) => (i + 0.5) / points);
  const second = fw.matMul(bsplineBasis(midpoints, knots, 3, 2), w).data;
  const integral = second.reduce((sum, v) => sum + v * v, 0) / points;
  const bends = fw.matMul(root, w);
  const quadratic = fw.sum(fw.mul(bends, bends)).data[0];
  expect(quadratic / integral).toBeCloseTo(1, 5);
});

test('degree 1: hat functions between the knots, by hand', () => {
  const knots = clampedKnots([0, 1, 3], 1);
  expect([...knots]).toEqual([0, 0, 1, 3, 3]);
  const { data, shape } = bsplineBasis([0, 0.5, 1, 2, 3], knots, 1);
  expect(shape).toEqual([5, 3]);
  expect([...data]).toEqual([1, 0, 0, 0.5, 0.5, 0, 0, 1, 0, 0, 0.5, 0.5, 0, 0, 1]);
});

test('degree 3 on one interval: the Bernstein polynomials', () => {
  const t = 0.3;
  const values = bsplineBasis([t], clampedKnots([0, 1], 3), 3).data;
  [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t ** 2 * (1 - t), t ** 3].forEach((v, i) => {
    expect(values[i]).toBeCloseTo(v, 14);
  });
});
