import { expect, test } from 'vitest';
import { accuracy } from './accuracy';
import { bootstrapInterval } from './bootstrap';

/** `n` rows of which the first `right` are right. */
const rows = (n: number, right: number) => ({
  probabilities: Array.from({ length: n }, () => [0.8, 0.2]),
  labels: Array.from({ length: n }, (_, i) => (i < right ? 0 : 1)),
});

test("a proportion's standard error and interval", () => {
  const { probabilities, labels } = rows(400, 300);
  const interval = bootstrapInterval(accuracy, probabilities, labels, { seed: 1 });
  const error = Math.sqrt((0.75 * 0.25) / 400);
  expect(interval.estimate).toBe(0.75);
  // 1,000 resamples estimate a standard deviation to 2.2 %, so 10 % is 4.5 deviations: one seed in 150,000.
  expect(Math.abs(interval.standardError / error - 1)).toBeLessThan(0.1);
  expect(Math.abs(interval.lower - (0.75 - 1.96 * error))).toBeLessThan(0.25 * error);
  expect(Math.abs(interval.upper - (0.75 + 1.96 * error))).toBeLessThan(0.25 * error);
  expect(bootstrapInterval(accuracy, probabilities, labels, { seed: 1 })).toEqual(interval);
  expect(bootstrapInterval(accuracy, probabilities, labels, { seed: 2 })).not.toEqual(interval);
});

test('labels stay with their rows', () => {
  const probabilities = [
    [0.9, 0.1],
    [0.1, 0.9],
    [0.8, 0.2],
  ];
  const interval = bootstrapInterval(accuracy, probabilities, [0, 1, 0]);
  expect(interval).toEqual({ estimate: 1, lower: 1, upper: 1, standardError: 0 });
});

test('the basic interval mirrors the percentile interval', () => {
  const { probabilities, labels } = rows(30, 25);
  const percentile = bootstrapInterval(accuracy, probabilities, labels);
  const basic = bootstrapInterval(accuracy, probabilities, labels, { method: 'basic' });
  expect(basic.lower).toBeCloseTo(2 * percentile.estimate - percentile.upper, 14);
  expect(basic.upper).toBeCloseTo(2 * percentile.estimate - percentile.lower, 14);
  expect(basic.lower).not.toBe(percentile.lower);
});

test('an interval of 95 % covers the truth about as often', () => {
  const truth = 0.7;
  let covered = 0;
  const trials = 200;
  for (let trial = 0; trial < trials; trial++) {
    // A fixed low-discrepancy sequence of the binomial's quantiles, so the test has no randomness.
    const right = binomialQuantile(100, truth, (trial + 0.5) / trials);
    const { probabilities, labels } = rows(100, right);
    const { lower, upper } = bootstrapInterval(accuracy, probabilities, labels, {
      resamples: 200,
      seed: trial,
    });
    if (lower <= truth && truth <= upper) covered++;
  }
  // The percentile interval covers a proportion of 100 at 93–95 %; with 200 resamples its ends vary a little.
  expect(covered / trials).toBeGreaterThan(0.88);
  expect(covered / trials).toBeLessThan(0.99);
});

function binomialQuantile(n: number, p: number, q: number): number {
  let probability = (1 - p) ** n;
  let sum = probability;
  let k = 0;
  while (sum < q) {
    probability *= ((n - k) / (k + 1)) * (p / (1 - p));
    sum += probability;
    k++;
  }
  return k;
}

test('bad options are refused', () => {
  const { probabilities, labels } = rows(3, 2);
  const interval = (options: object) => () => bootstrapInterval(accuracy, probabilities, labels, options);
  expect(interval({ resamples: 1 })).toThrow(/resamples: .* at least 2, but is 1/);
  expect(interval({ confidenceLevel: 95 })).toThrow(
    /confidenceLevel: must be a number between 0 and 1, but is 95/,
  );
  expect(interval({ method: 'bca' })).toThrow(/method: .* 'basic', but is "bca"/);
});

test('a statistic that is none, or that is NaN for a resample, is refused (its interval ended at NaN)', () => {
  const { probabilities, labels } = rows(3, 1);
  expect(() => bootstrapInterval('accuracy' as never, probabilities, labels)).toThrow(
    'statistic: must be a function of probabilities and labels, but is "accuracy"',
  );
  const needsBoth = (_: Float64Array, drawn: Int32Array) => (new Set(drawn).size < 2 ? Number.NaN : 1);
  expect(() => bootstrapInterval(needsBoth, probabilities, labels)).toThrow(
    'statistic: must be a function that gives a number for every resample, but is NaN',
  );
});
