import { Array64, uniform } from '@crossreg/core';
import { diabetes } from '@crossreg/datasets';
import { expect, test } from 'vitest';
import { fixture, splitRows } from '../test/fixtures';
import { Lasso } from './lasso';
import { LassoPath } from './lassoPath';
import { centerSums, meanSquares } from './meanSquares';
import { sums } from './sums';

const { cases } = fixture('lasso');
const { splits } = fixture('diabetes');

async function diabetesRows() {
  const { features, targets, shape } = await diabetes({ scaled: true });
  const rows = [...targets].map((_, i) => features.subarray(i * shape[1], (i + 1) * shape[1]));
  return { rows, targets: [...targets] };
}
const support = (w: Float64Array) => [...w].flatMap((v, j) => (v === 0 ? [] : [j]));
const meanSquare = (model: Lasso, x: ArrayLike<number>[], y: number[]) =>
  model.predict(x).reduce((sum, v, i) => sum + (v - y[i]) ** 2 / y.length, 0);

/** The path of some data, as `fit` computes it. */
function pathOf(x: number[][], y: number[]) {
  const table = new Array64(Float64Array.from(x.flat()), [x.length, x[0].length]);
  const total = sums(
    { x: table, y: new Array64(Float64Array.from(y), [y.length, 1]) },
    table.data.slice(0, x[0].length),
    y[0],
  );
  return new LassoPath(meanSquares(total, centerSums(total, {})));
}
/** ρ where the path has a given λ. */
function rhoAt({ knots }: LassoPath, lambda: number): number {
  const i = knots.findIndex((knot, k) => knot.lambda >= lambda && (knots[k + 1]?.lambda ?? 0) <= lambda);
  const [a, b] = [knots[i], knots[i + 1]];
  return a.rho + ((b.rho - a.rho) * (lambda - a.lambda)) / (b.lambda - a.lambda);
}

test.each<Record<string, any>>(cases)('$name: the path agrees with scikit-learn at every λ', (c) => {
  const path = pathOf(c.x, c.y);
  for (const { alpha, coefficients } of c.path) {
    const { weights, lambda } = path.at(rhoAt(path, alpha));
    expect(lambda).toBeCloseTo(alpha, 10);
    coefficients.forEach((w: number, j: number) => {
      expect(Math.abs(weights[j] - w)).toBeLessThan(1e-5);
    });
    expect(support(weights)).toEqual(support(coefficients));
  }
});

/** Largest violation of the optimality conditions: |c_j − (Gw)_j| = λ with the sign of w_j, or ≤ λ where w_j = 0. */
function violation({ gram, correlation, size }: LassoPath['loss'], w: Float64Array, lambda: number): number {
  let worst = 0;
  for (let j = 0; j < size; j++) {
    let c = correlation[j];
    for (let k = 0; k < size; k++) c -= gram[j * size + k] * w[k];
    worst = Math.max(worst, w[j] === 0 ? Math.abs(c) - lambda : Math.abs(c - lambda * Math.sign(w[j])));
  }
  return worst;
}

test('every point of the path is optimal: random problems, wide, collinear, with ties', () => {
  for (let seed = 1; seed <= 120; seed++) {
    const next = uniform(seed);
    const n = 5 + Math.floor(next() * 40);
    const p = 1 + Math.floor(next() * 60);
    const coarse = next() < 0.3; // Few distinct values, so that correlations tie.
    const draw = () => (coarse ? Math.round(next() * 2) : next() - 0.5);
    const x = Array.from({ length: n }, () => {
      const row = Array.from({ length: p }, draw);
      if (seed % 3 === 0 && p > 3) row[p - 1] = row[0] + row[1];
      if (seed % 4 === 0 && p > 2) row[1] = 7;
      if (seed % 5 === 0 && p > 1) row[p - 1] = row[0];
      return row;
    });
    const y = x.map((row) => row[0] - 2 * (row[2] ?? 0) + (seed % 2 ? next() : 0));
    const path = pathOf(x, y);
    path.knots.forEach(({ rho, lambda }, i) => {
      if (i > 0) {
        expect(rho).toBeGreaterThanOrEqual(path.knots[i - 1].rho - 1e-9 * rho);
        expect(lambda).toBeLessThanOrEqual(path.knots[i - 1].lambda);
      }
      const middle = (rho + (path.knots[i + 1]?.rho ?? rho)) / 2;
      for (const at of [rho, middle]) {
        const { weights, lambda: l } = path.at(at);
        expect(violation(path.loss, weights, l)).toBeLessThanOrEqual(1e-9 * path.knots[0].lambda);
      }
    });
    expect(path.knots.at(-1)!.lambda).toBeLessThan(1e-9 * (path.knots[0].lambda + 1e-300) + 1e-300);
  }
});

test('diabetes, 50 splits: the support and the loss of the LASSO at its optimal validation λ', async () => {
  const { rows, targets } = await diabetesRows();
  let same = 0;
  for (const { held, loss, alpha, support: expected } of splits) {
    const { training, heldOut } = splitRows(held, rows, targets);
    const model = new Lasso().fit(training.x, training.y, { regularizationData: [heldOut.x, heldOut.y] });
    const reached = meanSquare(model, heldOut.x, heldOut.y);
    expect(reached).toBeLessThan(loss * 1.005);
    expect(model.validationLoss).toBeCloseTo(reached, 6);
    expect(model.coefficientsAt(model.rho)).toEqual(model.coefficients);
    if (String(support(model.coefficients)) === String(expected)) {
      same += 1;
      expect(model.lambda).toBeCloseTo(alpha, 6);
    }
  }
  expect(same).toBeGreaterThanOrEqual(45);
});
