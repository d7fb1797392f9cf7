import { expect, test } from 'vitest';
import { minimize } from './minimize';

test('a quadratic with condition number 10⁶', () => {
  const scales = Float64Array.of(1, 1e2, 1e4, 1e6);
  const result = minimize((x, gradient) => {
    let value = 0;
    x.forEach((xi, i) => {
      gradient[i] = scales[i] * (xi - 1);
      value += (scales[i] * (xi - 1) ** 2) / 2;
    });
    return value;
  }, new Float64Array(4));
  expect(result.converged).toBe(true);
  for (const xi of result.point) expect(xi).toBeCloseTo(1, 6);
});

test('a function without a minimum is reported as not converged', () => {
  const result = minimize(
    (x, gradient) => {
      gradient[0] = 1;
      return x[0];
    },
    new Float64Array(1),
    { maxIterations: 20 },
  );
  expect(result).toMatchObject({ converged: false, iterations: 20 });
});
