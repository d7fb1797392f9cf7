import { expect, test } from 'vitest';
import { convergence, fitLinearRate } from './convergence';
import { uniform } from './random';

const path = (value: number[], gradient: number[] = value.map(() => 0)) => ({ value, gradient });
const series = (n: number, f: (t: number) => number) => Array.from({ length: n }, (_, t) => f(t));

test.each([0.5, 0.9, 0.97])('the rate of a geometric path is found: %d', (q) => {
  expect(fitLinearRate(series(100, (t) => 3 - 2 * q ** t))).toBeCloseTo(q, 3);
});

test('a path without ρ steps, or with skipped steps only, has a status', () => {
  expect(convergence({ value: [], gradient: [] }).status).toBe('no steps');
  expect(convergence({ value: [1, 1, 1], gradient: [Number.NaN, Number.NaN, Number.NaN] }).status).toBe(
    'skipped',
  );
  expect(convergence({ value: [1, 1.1], gradient: [Number.NaN, 0.1] }).status).toBe('undetermined');
});

test('every status by name', () => {
  const next = uniform(4);
  const noise = () => next() - 0.5;
  expect(convergence(path([1, 2, 3])).status).toBe('undetermined');
  expect(
    convergence(
      path(
        series(40, (t) => 5 - 4 * 0.98 ** t),
        series(40, () => -1 + noise()),
      ),
    ).status,
  ).toBe('converging');
  expect(
    convergence(
      path(
        series(60, () => 2 + 0.01 * noise()),
        series(60, noise),
      ),
    ).status,
  ).toBe('converged');
  expect(convergence(path(series(60, (t) => 2 + (t % 2 ? 1 : -1)))).status).toBe('oscillating');
  expect(convergence(path(series(60, () => 0)), { range: [0, 10] }).status).toBe('at bound');
  expect(convergence(path([...series(30, () => 1), Number.NaN])).status).toBe('diverged');
  expect(convergence(path(series(60, (t) => 2 ** t))).status).toBe('diverged');
});
