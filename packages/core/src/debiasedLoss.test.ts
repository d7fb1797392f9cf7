import { expect, test } from 'vitest';
import { debiasedLoss } from './debiasedLoss';
import { float64 } from './float64/float64';
import { fillNormal } from './random';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const mean = (xs: readonly number[]) => xs.reduce((sum, x) => sum + x, 0) / xs.length;
const negativeLog = (draws: readonly number[]) => float64.array(-Math.log(mean(draws)));

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

/** Mean over many repetitions of the loss of groups of sampled probabilities, as it is and debiased; with its standard error. */
function simulate(a: number, sigma: number, groups: number, { pairs = false } = {}) {
  const repetitions = 20_000;
  const noise = new Float64Array(repetitions * groups);
  fillNormal(noise, 7);
  const draws = Array.from({ length: repetitions }, (_, r) =>
    Array.from({ length: groups }, (_, g) => {
      const e = noise[r * groups + g];
      return (pairs ? [e, -e] : [e]).map((one) => sigmoid(a + sigma * one));
    }),
  );
  const summary = (values: number[]) => {
    const center = mean(values);
    const variance = values.reduce((sum, v) => sum + (v - center) ** 2, 0) / (repetitions - 1);
    return { mean: center, standardError: Math.sqrt(variance / repetitions) };
  };
  return {
    plain: summary(draws.map((one) => negativeLog(one.flat()).data[0])),
    debiased: summary(draws.map((one) => debiasedLoss(float64, one, negativeLog).data[0])),
  };
}

test.each([
  [0, 1, 4],
  [1, 2, 4],
  [-1, 1, 4],
  [1, 2, 2],
])(
  'the loss of few draws is too high, and most of that is subtracted (a = %d, σ = %d, %d draws)',
  (a, sigma, groups) => {
    const exact = exactLoss(a, sigma);
    const { plain, debiased } = simulate(a, sigma, groups);
    const bias = plain.mean - exact;
    // What the expansion to first order in 1/G says, within a half: the terms after it are not small for few draws.
    const [p, square] = [Math.exp(-exact), expectation((e) => sigmoid(a + sigma * e) ** 2)];
    expect(bias).toBeGreaterThan((0.5 * (square - p * p)) / (2 * groups * p * p));
    expect(bias).toBeGreaterThan(10 * plain.standardError);
    expect(Math.abs(debiased.mean - exact)).toBeLessThan(0.4 * bias + 3 * debiased.standardError);
  },
);

test('its bias shrinks with the square of the number of draws', () => {
  const exact = exactLoss(0, 1);
  const [few, many] = [4, 16].map((groups) => simulate(0, 1, groups));
  // Four times the draws: a quarter of the bias of the plain loss, a sixteenth of what is left of it.
  const [left, leftOfMany] = [few, many].map(({ debiased }) => Math.abs(debiased.mean - exact));
  expect(leftOfMany).toBeLessThan(left / 8 + 3 * many.debiased.standardError);
});

test('with little noise, two pairs ±ε have a fraction of the error of four independent draws', () => {
  const [a, sigma] = [0.5, 0.1];
  const independent = simulate(a, sigma, 4).debiased;
  const pairs = simulate(a, sigma, 2, { pairs: true }).debiased;
  expect(pairs.standardError).toBeLessThan(0.2 * independent.standardError);
  expect(Math.abs(pairs.mean - exactLoss(a, sigma))).toBeLessThan(4 * pairs.standardError + 1e-5);
});

test('at most ⅛ is subtracted, and nothing where one group has all of the probability', () => {
  const subtracted = (draws: number[][]) =>
    negativeLog(draws.flat()).data[0] - debiasedLoss(float64, draws, negativeLog).data[0];
  for (const groups of [2, 3, 8]) {
    const drawsOf = (low: number) => Array.from({ length: groups }, (_, g) => [g === 0 ? 0.9 : low]);
    expect(subtracted(drawsOf(1e-30))).toBeCloseTo(0, 9);
    const most = Math.max(...Array.from({ length: 300 }, (_, i) => subtracted(drawsOf(0.9 * 0.97 ** i))));
    expect(most).toBeGreaterThan(0.124);
    expect(most).toBeLessThanOrEqual(0.125 + 1e-12);
  }
});

test('by hand: of 0.2 and 0.6, −log 0.4 less c (1 − 2c) with c = (½² + ½²) / 4; a single group is its plain loss', () => {
  expect(debiasedLoss(float64, [[0.2], [0.6]], negativeLog).data[0]).toBeCloseTo(
    -Math.log(0.4) - 0.125 * 0.75,
    12,
  );
  expect(debiasedLoss(float64, [[0.2, 0.6]], negativeLog).data[0]).toBeCloseTo(-Math.log(0.4), 12);
});

test('losses of several examples are corrected one by one', () => {
  const groups = [[[0.2, 0.9]], [[0.6, 0.8]]];
  const each = debiasedLoss(float64, groups, (draws) =>
    float64.array([0, 1].map((example) => -Math.log(mean(draws.map((draw) => draw[example]))))),
  );
  const alone = [0, 1].map(
    (example) =>
      debiasedLoss(
        float64,
        groups.map(([draw]) => [draw[example]]),
        negativeLog,
      ).data[0],
  );
  expect([...each.data]).toEqual(alone);
});
