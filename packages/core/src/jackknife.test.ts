import { expect, test } from 'vitest';
import { float64 } from './float64/float64';
import { jackknife } from './jackknife';
import { fillNormal } from './random';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** E[f(ε)] for ε ~ N(0, 1) by Simpson's rule on ±8 standard deviations: exact to 1e-10, and no sampling. */
function expectation(f: (e: number) => number): number {
  const [n, edge] = [2000, 8];
  const h = (2 * edge) / n;
  let sum = 0;
  for (let i = 0; i <= n; i++) {
    const e = -edge + i * h;
    const weight = i === 0 || i === n ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * f(e) * Math.exp(-(e * e) / 2);
  }
  return (sum * h) / 3 / Math.sqrt(2 * Math.PI);
}

/** The loss of infinitely many draws of sigmoid(a + σ ε). */
const exactLoss = (a: number, sigma: number) => -Math.log(expectation((e) => sigmoid(a + sigma * e)));

/** Mean, over many repetitions, of an estimate from groups of sampled probabilities; and its standard error. */
function simulate(a: number, sigma: number, groups: number, { pairs }: { pairs: boolean }, plain = false) {
  const repetitions = 20_000;
  const noise = new Float64Array(repetitions * groups);
  fillNormal(noise, 7);
  const values = Array.from({ length: repetitions }, (_, r) => {
    const draws = Array.from({ length: groups }, (_, g) => {
      const e = noise[r * groups + g];
      return (pairs ? [e, -e] : [e]).map((one) => sigmoid(a + sigma * one));
    });
    const lossOf = (list: readonly number[]) =>
      float64.array(-Math.log(list.reduce((sum, p) => sum + p, 0) / list.length));
    return (plain ? lossOf(draws.flat()) : jackknife(float64, draws, lossOf)).data[0];
  });
  const mean = values.reduce((sum, v) => sum + v, 0) / repetitions;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (repetitions - 1);
  return { mean, standardError: Math.sqrt(variance / repetitions) };
}

test.each([
  [0, 1],
  [1, 2],
  [-1, 1],
])(
  'the loss of few draws is too high, and the jackknife takes most of that away (a = %d, σ = %d)',
  (a, sigma) => {
    const exact = exactLoss(a, sigma);
    const plain = simulate(a, sigma, 4, { pairs: false }, true);
    const better = simulate(a, sigma, 4, { pairs: false });
    const bias = plain.mean - exact;
    // What the expansion to first order in 1/K says, within a half: the terms after it are not small at K = 4.
    const [p, square] = [Math.exp(-exact), expectation((e) => sigmoid(a + sigma * e) ** 2)];
    expect(bias).toBeGreaterThan((0.5 * (square - p * p)) / (2 * 4 * p * p));
    expect(bias).toBeGreaterThan(10 * plain.standardError);
    expect(Math.abs(better.mean - exact)).toBeLessThan(0.35 * bias + 3 * better.standardError);
  },
);

test('two pairs ±ε have a fraction of the error of four independent draws where the noise is small', () => {
  const [a, sigma] = [0.5, 0.1];
  const independent = simulate(a, sigma, 4, { pairs: false });
  const pairs = simulate(a, sigma, 2, { pairs: true });
  expect(pairs.standardError).toBeLessThan(0.2 * independent.standardError);
  expect(Math.abs(pairs.mean - exactLoss(a, sigma))).toBeLessThan(4 * pairs.standardError + 1e-5);
});

test('the combination by hand: 2 L(all) − ½ (L(first) + L(second)); a single group is its plain loss', () => {
  const square = (draws: readonly number[]) =>
    float64.array((draws.reduce((sum, x) => sum + x, 0) / draws.length) ** 2);
  // Mean of 1 and 3 is 2: 2·4 − ½(9 + 1) = 3, which is also the unbiased estimate 1·3 of the square of the mean.
  expect(jackknife(float64, [[1], [3]], square).data[0]).toBeCloseTo(3, 12);
  expect(jackknife(float64, [[1, 3]], square).data[0]).toBeCloseTo(4, 12);
});
