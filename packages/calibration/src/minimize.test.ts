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

test('where rounding hides the last decreases, a few evaluations reach the minimum all the same (hundreds did not)', () => {
  let evaluations = 0;
  // Logistic regression of ±1 on sines, on top of a number that hides changes below 1e-8.
  const result = minimize((x, gradient) => {
    evaluations++;
    gradient.fill(0);
    let value = 1e8;
    for (let i = 0; i < 1000; i++) {
      const features = Array.from(x, (_, k) => Math.sin((k + 1) * (i + 1)));
      const sign = Math.cos(3 * i) > 0.2 * Math.sin(i) ? 1 : -1;
      const margin = sign * features.reduce((sum, feature, k) => sum + feature * x[k], 0);
      value += Math.log1p(Math.exp(-margin)) / 1000;
      features.forEach((feature, k) => {
        gradient[k] -= (sign * feature) / (1 + Math.exp(margin)) / 1000;
      });
    }
    return value;
  }, new Float64Array(20));
  expect(result.converged).toBe(true);
  expect(evaluations).toBeLessThan(60);
});
