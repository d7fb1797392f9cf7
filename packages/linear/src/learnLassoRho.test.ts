import { expect, test } from 'vitest';
import { LassoPath } from './lassoPath';
import { learnLassoRho } from './learnLassoRho';
import type { MeanSquares } from './meanSquares';

/** Orthonormal columns: ½‖w‖² − cᵀw, whose path is the soft threshold of c. */
const loss = (correlation: number[], power = 10): MeanSquares => {
  const p = correlation.length;
  const gram = new Float64Array(p * p);
  for (let j = 0; j < p; j++) gram[j * p + j] = 1;
  return { size: p, gram, correlation: Float64Array.from(correlation), power };
};
const path = new LassoPath(loss([3, 1]));
const learn = (target: number[], options = {}) =>
  learnLassoRho(path, [{ path, loss: loss(target) }], options);
/** The validation loss ‖w‖² − 2cᵀw + power on the path, which goes from (0, 0) by (2, 0) to (3, 1). */
const lossAt = (rho: number, [a, b]: number[]) => {
  const w = rho < 2 ? [rho, 0] : [2 + (rho - 2) / 2, (rho - 2) / 2];
  return w[0] ** 2 + w[1] ** 2 - 2 * (a * w[0] + b * w[1]) + 10;
};

test('a minimum between knots is where the derivative is zero', () => {
  // On the first piece L = ρ² − 2 · 1.25 ρ, least at 1.25; λ = 3 − ρ there.
  const { rho, lambda, validationLoss, status, minima } = learn([1.25, 0]);
  expect(rho).toBeCloseTo(1.25, 12);
  expect(lambda).toBeCloseTo(1.75, 12);
  expect(validationLoss).toBeCloseTo(10 - 1.25 ** 2, 12);
  expect([status, minima]).toEqual(['converged', 1]);
});

test('a minimum on the second piece', () => {
  // w = (2 + s, s): derivative by s 2(2 + s − a) + 2(s − b) = 0 at s = (a + b − 2)/2, with ρ = 2 + 2s.
  const { rho } = learn([2.5, 0.5]);
  expect(rho).toBeCloseTo(2 + (2.5 + 0.5 - 2), 12);
});

test('the history is the loss and its derivative along the path', () => {
  const target = [2.5, 0.5];
  for (const { rho, loss: found, gradient } of learn(target).history) {
    expect(found).toBeCloseTo(lossAt(rho, target), 10);
    // One-sided, as the derivative jumps at a knot.
    if (rho < path.end) {
      const step = 1e-7;
      expect(gradient).toBeCloseTo((lossAt(rho + step, target) - lossAt(rho, target)) / step, 5);
    }
  }
});

test('at the ends of the path: any w is worse, or more w is always better', () => {
  expect(learn([-1, -1])).toMatchObject({ rho: 0, status: 'at bound', validationLoss: 10 });
  const most = learn([9, 9]);
  expect(most.rho).toBeCloseTo(path.end, 12);
  expect(most.status).toBe('at bound');
});

test('finds the lowest of several minima, or the first one with `earlyStopping`', () => {
  // Falls to ρ = 1, rises to the knot at 2, and falls again to the end.
  const target = [1, 7];
  const [lowest, first] = [learn(target), learn(target, { earlyStopping: true })];
  expect(lowest.minima).toBe(2);
  expect(lowest.rho).toBeCloseTo(path.end, 12);
  expect(first.rho).toBeCloseTo(1, 12);
  expect(first.validationLoss).toBeGreaterThan(lowest.validationLoss);
});

test('over folds, the loss is the mean at the same ρ', () => {
  const splits = [1, 1.5].map((a) => ({ path, loss: loss([a, 0]) }));
  // ρ² − (1 + 1.5) ρ: least at 1.25.
  expect(learnLassoRho(path, splits, {}).rho).toBeCloseTo(1.25, 12);
});

test('projected: the component along ∇R, here the mean over the active columns', () => {
  // On the second piece ½ Σ 2 (w − c) = (2 + s − a) + (s − b): the same zero as along the path, which moves both alike.
  const { rho } = learn([2.5, 0.5], { gradient: 'projected' });
  expect(rho).toBeCloseTo(3, 12);
});
