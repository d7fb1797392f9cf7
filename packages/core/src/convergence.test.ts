import { expect, test } from 'vitest';
import { convergence, fitLinearRate } from './convergence';
import { uniform } from './random';

const path = (value: number[], gradient: number[] = value.map(() => 0)) => ({ value, gradient });
const series = (n: number, f: (t: number) => number) => Array.from({ length: n }, (_, t) => f(t));

test.each([0.5, 0.9, 0.97])('the rate of a geometric path is found: %d', (q) => {
  expect(fitLinearRate(series(100, (t) => 3 - 2 * q ** t))).toBeCloseTo(q, 3);
});

test('a path with a value that is not finite has no rate (it had one of 0.009)', () => {
  const values = series(40, (t) => (t === 5 ? Number.NaN : 3 - 2 * 0.9 ** t));
  expect(fitLinearRate(values)).toBeNaN();
});

test.each([0, -5, 2.5, Number.NaN, '20'])('a window of %s is refused', (window) => {
  const values = series(40, () => 1);
  expect(() => convergence(path(values), { window: window as number })).toThrow(
    'window: must be an integer of at least 4',
  );
});

test.each([[[1, 0]], [[0, Number.NaN]], [1]])('a range of %s is refused', (range) => {
  expect(() => convergence(path([1]), { range: range as never })).toThrow('range: must be two numbers');
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
