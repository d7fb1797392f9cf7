import { float64 as fw, uniform } from '@crossreg/core';
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { GrowingCholesky } from './growingCholesky';

test('after columns are added and removed, it solves as a new factorization does', () => {
  const next = uniform(5);
  const x = Matrix.from1DArray(40, 25, fw.normal([40, 25], 2).data);
  const gram = x.transpose().mmul(x);
  const factor = new GrowingCholesky();
  const active: number[] = [];
  for (let step = 0; step < 200; step++) {
    const free = Array.from({ length: 25 }, (_, j) => j).filter((j) => !active.includes(j));
    if (active.length > 0 && (free.length === 0 || next() < 0.45)) {
      const index = Math.floor(next() * active.length);
      factor.remove(index);
      active.splice(index, 1);
    } else {
      const j = free[Math.floor(next() * free.length)];
      expect(
        factor.append(
          active.map((k) => gram.get(j, k)),
          gram.get(j, j),
        ),
      ).toBe(true);
      active.push(j);
    }
    expect(factor.size).toBe(active.length);
    if (active.length === 0) continue;
    const b = active.map((j) => Math.sin(j));
    const expected = new CholeskyDecomposition(gram.selection(active, active)).solve(Matrix.columnVector(b));
    factor.solve(b).forEach((v, i) => {
      expect(v).toBeCloseTo(expected.get(i, 0), 10);
    });
  }
});

test('a column that depends on the others is refused, and nothing changes', () => {
  const factor = new GrowingCholesky();
  expect(factor.append([], 4)).toBe(true);
  expect(factor.append([2], 1)).toBe(false); // half the first one
  expect(factor.append([0], 0)).toBe(false); // a column of zeros
  expect([...factor.solve([8])]).toEqual([2]);
});
