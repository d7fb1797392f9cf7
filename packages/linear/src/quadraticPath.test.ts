import { Array64 } from '@crossreg/core';
import { expect, test } from 'vitest';
import { QuadraticPath } from './quadraticPath';

// The training loss ½ wᵀHw − cᵀw under ½ λ wᵀw, with H = T diag(5, 0.5) Tᵀ for a rotation T by 30° and c = T b.
const [cos, sin] = [Math.sqrt(3) / 2, 0.5];
const curvature = Float64Array.of(5, 0.5);
const b = [2, -1];
const path = new QuadraticPath({
  basis: new Array64(Float64Array.of(cos, -sin, sin, cos), [2, 2]),
  curvature,
  penalty: Float64Array.of(1, 1),
  linear: new Array64(Float64Array.from(b), [2, 1]),
});
const H = [
  [5 * cos ** 2 + 0.5 * sin ** 2, 4.5 * cos * sin],
  [4.5 * cos * sin, 5 * sin ** 2 + 0.5 * cos ** 2],
];
const c = [cos * b[0] - sin * b[1], sin * b[0] + cos * b[1]];
/** (H + λI)⁻¹ c by Cramer's rule. */
function ridge(lambda: number) {
  const [[h00, h01], [h10, h11]] = [
    [H[0][0] + lambda, H[0][1]],
    [H[1][0], H[1][1] + lambda],
  ];
  const determinant = h00 * h11 - h01 * h10;
  return [(c[0] * h11 - h01 * c[1]) / determinant, (h00 * c[1] - h10 * c[0]) / determinant];
}

test.each([-8, -2, 0, 1.5, 6])('at log λ = %d it is the solution of the normal equations', (u) => {
  const { weights, rho } = path.at(u);
  const expected = ridge(Math.exp(u));
  expect(weights.data[0]).toBeCloseTo(expected[0], 12);
  expect(weights.data[1]).toBeCloseTo(expected[1], 12);
  expect(rho).toBeCloseTo(Math.hypot(...expected), 12);
});

test.each([-3, 0, 2])('the derivatives at log λ = %d are those of finite differences', (u) => {
  const step = 1e-5;
  const [up, down] = [ridge(Math.exp(u + step)), ridge(Math.exp(u - step))];
  const { derivative, rhoDerivative } = path.at(u);
  for (const i of [0, 1]) expect(derivative.data[i]).toBeCloseTo((up[i] - down[i]) / (2 * step), 8);
  expect(rhoDerivative).toBeCloseTo((Math.hypot(...up) - Math.hypot(...down)) / (2 * step), 8);
  expect(rhoDerivative).toBeLessThan(0);
});

test('every ρ below the unpenalized one has exactly one λ', () => {
  const free = Math.hypot(...ridge(0));
  for (const share of [1e-3, 0.1, 0.5, 0.99]) {
    const { u, rho } = path.atRho(share * free);
    expect(rho / (share * free)).toBeCloseTo(1, 10);
    expect(Math.hypot(...ridge(Math.exp(u))) / (share * free)).toBeCloseTo(1, 10);
  }
});

test('where the constraint does not bind, λ is 0 and ρ moves nothing', () => {
  const { u, rhoDerivative, weights } = path.atRho(100);
  expect(u).toBe(Number.NEGATIVE_INFINITY);
  expect(rhoDerivative).toBe(0);
  const expected = ridge(0);
  for (const i of [0, 1]) expect(weights.data[i]).toBeCloseTo(expected[i], 6);
  const end = path.at(Number.NEGATIVE_INFINITY);
  for (const i of [0, 1]) expect(end.weights.data[i]).toBeCloseTo(expected[i], 12);
});

test('a direction that the data do not determine stays 0; one that is not penalized stays free', () => {
  const special = new QuadraticPath({
    basis: new Array64(Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), [3, 3]),
    curvature: Float64Array.of(2, 0, 4),
    penalty: Float64Array.of(1, 0, 0),
    linear: new Array64(Float64Array.of(6, 5, 8), [3, 1]),
  });
  const { weights, rho } = special.at(Math.log(4));
  expect(weights.data[0]).toBeCloseTo(6 / (2 + 4), 14);
  expect(weights.data[1]).toBe(0);
  expect(weights.data[2]).toBe(2);
  // The free direction is not in ρ.
  expect(rho).toBeCloseTo(1, 14);
});

test('several targets share one path and one ρ', () => {
  const two = new QuadraticPath({
    basis: new Array64(Float64Array.of(1), [1, 1]),
    curvature: Float64Array.of(1),
    penalty: Float64Array.of(1),
    linear: new Array64(Float64Array.of(6, 8), [1, 2]),
  });
  const { weights, rho } = two.at(0);
  expect([...weights.data]).toEqual([3, 4]);
  expect(rho).toBeCloseTo(5, 14);
});
