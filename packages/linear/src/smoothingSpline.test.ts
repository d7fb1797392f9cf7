import { Array64, float64 as fw, uniform } from '@crossreg/core';
import { expect, test } from 'vitest';
import { fixture } from '../test/fixtures';
import { SmoothingSpline } from './smoothingSpline';
import { SplineBasis } from './splineBasis';

const { cases } = fixture('spline');

test.each<Record<string, any>>(cases)('the curve at a given λ agrees with SciPy', ({ x, y, at, fits }) => {
  const basis = new SplineBasis(Float64Array.from(x), 100);
  const table = (v: number[]) => new Array64(Float64Array.from(v), [v.length, 1]);
  const path = basis.path({ x: table(x), y: table(y) });
  for (const { lambda, y: expected } of fits) {
    const { weights } = path.at(Math.log(lambda / basis.range ** 3));
    fw.matMul(basis.at(at), weights).data.forEach((v, i) => {
      expect(Math.abs(v - expected[i])).toBeLessThan(1e-6);
    });
  }
});

test('numbers that differ by rounding only give the curve of repeated ones', () => {
  const columns = Array.from({ length: 40 }, (_, i) => i);
  // 0.3 and 0.30000000000000004, for example.
  const rounded = columns.flatMap((i) => [i / 10, i * 0.1, (i * 0.3) / 3]);
  const repeated = columns.flatMap((i) => [i / 10, i / 10, i / 10]);
  expect(new Set(rounded).size).toBeGreaterThan(60);
  const errors = fw.normal([120], 3).data;
  const y = repeated.map((x, i) => Math.sin(2 * x) + 0.2 * errors[i]);
  const [found, expected] = [rounded, repeated].map((x) => new SmoothingSpline().fit(x, y));
  expect(found.lambda / expected.lambda).toBeCloseTo(1, 6);
  const curve = expected.predict(columns);
  found.predict(columns).forEach((v, i) => {
    expect(v).toBeCloseTo(curve[i], 8);
  });
});

/** Smooth, oscillating, kinked and straight functions with little to very strong noise. */
function noisyFunction(seed: number) {
  const next = uniform(seed);
  const [a, b, c] = [next() * 3 + 1, next() * 6, next()];
  const f = [
    (x: number) => Math.sin(a * 3 * x + b),
    (x: number) => Math.exp(-((x - c) ** 2) / 0.02),
    (x: number) => Math.abs(x - c),
    (x: number) => a * x - b,
    (x: number) => Math.sin(20 * x * x),
  ][seed % 5];
  const noise = [0.01, 0.1, 0.5, 2][Math.floor(next() * 4)];
  const draw = (n: number, part: number) => {
    const x = Float64Array.from({ length: n }, () => next());
    const errors = fw.normal([n], seed * 8 + part).data;
    return [x, x.map((v, i) => f(v) + noise * errors[i])] as const;
  };
  return { training: draw(15 + Math.floor(next() * 60), 1), heldOut: draw(60, 2) };
}

test('50 functions: the validation loss equals that of the best λ', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { training, heldOut } = noisyFunction(seed);
    // The best of a dense grid, refined by golden section.
    const basis = new SplineBasis(training[0], 100);
    const table = (v: Float64Array) => new Array64(v, [v.length, 1]);
    const path = basis.path({ x: table(training[0]), y: table(training[1]) });
    const design = basis.at(heldOut[0]);
    const loss = (u: number) =>
      fw
        .matMul(design, path.at(u).weights)
        .data.reduce((sum, v, i) => sum + (v - heldOut[1][i]) ** 2 / heldOut[1].length, 0);
    let best = 0;
    for (let u = -40; u <= 30; u += 0.25) if (loss(u) < loss(best)) best = u;
    let [low, high] = [best - 0.25, best + 0.25];
    for (let i = 0; i < 40; i++) {
      const [a, b] = [high - 0.618 * (high - low), low + 0.618 * (high - low)];
      if (loss(a) < loss(b)) high = b;
      else low = a;
    }
    const spline = new SmoothingSpline().fit(...training, { regularizationData: heldOut });
    expect(spline.validationLoss / loss((low + high) / 2) - 1).toBeLessThan(1e-6);
  }
});
