import { float64 as fw } from '@crossreg/core';
import { expect, test } from 'vitest';
import { LassoPath } from './lassoPath';
import type { MeanSquares } from './meanSquares';

const loss = (gram: number[][], correlation: number[]): MeanSquares => ({
  size: correlation.length,
  gram: Float64Array.from(gram.flat()),
  correlation: Float64Array.from(correlation),
  power: 10,
});
const identity = (p: number) =>
  Array.from({ length: p }, (_, i) => Array.from({ length: p }, (_, j) => +(i === j)));

test('orthonormal columns: the soft threshold, in closed form', () => {
  const c = [3, -1, 0.5, 2];
  const path = new LassoPath(loss(identity(4), c));
  // Knots at the sorted |c|, and no penalty at the end.
  expect(path.knots.map(({ lambda }) => lambda)).toEqual([3, 2, 1, 0.5, 0]);
  expect(path.end).toBeCloseTo(6.5, 14);
  for (const lambda of [2.5, 1.75, 1, 0.75, 0.1, 0]) {
    const expected = c.map((v) => Math.sign(v) * Math.max(0, Math.abs(v) - lambda));
    const rho = expected.reduce((sum, v) => sum + Math.abs(v), 0);
    const found = path.at(rho);
    expect(found.lambda).toBeCloseTo(lambda, 12);
    expected.forEach((v, j) => {
      expect(found.weights[j]).toBeCloseTo(v, 12);
    });
  }
});

test('two correlated columns, by hand', () => {
  // G = [[1, ½], [½, 1]], c = (1, 0.8). Alone, w₁ = 1 − λ, and |c₂ − ½ w₁| = 0.3 + λ/2 meets λ at 0.6. From there both
  // are active: G w = c − λ gives w = (0.8, 0.4) − λ (2/3, 2/3).
  const path = new LassoPath(
    loss(
      [
        [1, 0.5],
        [0.5, 1],
      ],
      [1, 0.8],
    ),
  );
  expect(path.knots[1].lambda).toBeCloseTo(0.6, 14);
  expect(path.knots[1].rho).toBeCloseTo(0.4, 14);
  const { weights, lambda } = path.at(0.8);
  // ‖w‖₁ = 1.2 − 4λ/3 = 0.8 at λ = 0.3.
  expect(lambda).toBeCloseTo(0.3, 12);
  expect(weights[0]).toBeCloseTo(0.6, 12);
  expect(weights[1]).toBeCloseTo(0.2, 12);
});

test('every knot fulfils the conditions of the optimum: |c − Gw| is λ on active columns and no more elsewhere', () => {
  const p = 12;
  for (const seed of [1, 2, 3]) {
    const x = fw.normal([9, p], seed).data;
    const y = fw.normal([9], seed + 10).data;
    const rows = Array.from({ length: 9 }, (_, i) => Array.from(x.subarray(i * p, (i + 1) * p)));
    // Fewer examples than columns: the Gram matrix is singular.
    const gram = identity(p).map((_, j) =>
      identity(p).map((_, k) => rows.reduce((s, r) => s + r[j] * r[k], 0)),
    );
    const correlation = identity(p).map((_, j) => rows.reduce((s, r, i) => s + r[j] * y[i], 0));
    const path = new LassoPath(loss(gram, correlation));
    path.knots.forEach(({ lambda, rho }, i) => {
      if (i > 0) expect(lambda).toBeLessThanOrEqual(path.knots[i - 1].lambda);
      const { weights } = path.at(rho);
      expect(weights.reduce((sum, v) => sum + Math.abs(v), 0)).toBeCloseTo(rho, 8);
      correlation.forEach((c, j) => {
        const left = c - gram[j].reduce((sum, g, k) => sum + g * weights[k], 0);
        if (weights[j] !== 0) expect(left).toBeCloseTo(Math.sign(weights[j]) * lambda, 8);
        else expect(Math.abs(left)).toBeLessThanOrEqual(lambda + 1e-8);
      });
    });
  }
});

test('beyond the end nothing changes; before the first knot everything is zero', () => {
  const path = new LassoPath(loss(identity(2), [2, 1]));
  expect(path.at(100)).toEqual(path.at(path.end));
  expect([...path.at(0).weights]).toEqual([0, 0]);
  expect(path.at(0).lambda).toBe(2);
  expect([0, 0.5, 1, 2.5, 99].map((rho) => path.knotBefore(rho))).toEqual([0, 0, 1, 1, 2]);
});

test('targets that no column explains give one knot', () => {
  const path = new LassoPath(loss(identity(2), [0, 0]));
  expect(path.knots).toHaveLength(1);
  expect([...path.at(3).weights]).toEqual([0, 0]);
});
