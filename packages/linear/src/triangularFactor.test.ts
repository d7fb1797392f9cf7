import { float64 as fw } from '@crossreg/core';
import { Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { triangularFactor } from './triangularFactor';

test('RᵀR = AᵀA, and the other columns keep their products with A', () => {
  const a = Matrix.from1DArray(20, 7, fw.normal([20, 7], 1).data);
  const r = triangularFactor(a, 5);
  expect([r.rows, r.columns]).toEqual([5, 7]);
  const [products, expected] = [r, a].map((m) =>
    m
      .subMatrix(0, m.rows - 1, 0, 4)
      .transpose()
      .mmul(m)
      .to1DArray(),
  );
  products.forEach((v, i) => {
    expect(v).toBeCloseTo(expected[i], 12);
  });
  for (let i = 1; i < 5; i++) for (let j = 0; j < i; j++) expect(Math.abs(r.get(i, j))).toBeLessThan(1e-14);
});

test('numbers that squares would lose: |det A| by hand', () => {
  // (1, 1), (1, 1 + e): AᵀA rounds to a singular matrix at e = 1e-9.
  const e = 1e-9;
  const r = triangularFactor(
    new Matrix([
      [1, 1],
      [1, 1 + e],
    ]),
  );
  expect(Math.abs(r.get(0, 0) * r.get(1, 1)) / e).toBeCloseTo(1, 6);
});
