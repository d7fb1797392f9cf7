import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  expectedCalibrationError,
  maximumCalibrationError,
  temperatureScaling,
  vectorScaling,
} from './index';

// Written by scripts/edges.py: the published code of Guo et al. in exact fractions, and Newton's method.
const reference = JSON.parse(readFileSync(new URL('../test/fixtures/edges.json', import.meta.url), 'utf8'));

test.each<any>(reference.edges)('confidences on edges, $bins bins, are where Guo et al. put them', (c) => {
  for (const read of [(p: number) => p, Math.fround]) {
    const rows = c.hundredths.map((h: number) => [1 - read(h / 100), read(h / 100)]);
    const labels = c.hits;
    expect(expectedCalibrationError(rows, labels, { bins: c.bins })).toBeCloseTo(c.ece, 7);
    expect(maximumCalibrationError(rows, labels, { bins: c.bins })).toBeCloseTo(c.mce, 7);
  }
});

test.each<any>(reference.oneLogit)('one logit per example: temperature and Platt scaling', (c) => {
  const { logits, labels } = c;
  const rows = logits.map((z: number) => [z]);
  for (const given of [logits, rows, Float64Array.from(logits)]) {
    expect(temperatureScaling(given, labels).temperature / c.temperature).toBeCloseTo(1, 9);
  }
  const nll = (p: ArrayLike<number>) =>
    labels.reduce((sum: number, y: number, i: number) => sum - Math.log(y ? p[i] : 1 - p[i]), 0) /
    labels.length;
  expect(nll(temperatureScaling(logits, labels).apply(rows))).toBeCloseTo(c.temperatureNll, 11);
  const vector = vectorScaling(rows, labels);
  expect(vector.converged).toBe(true);
  expect([vector.weights.length, vector.biases.length]).toEqual([1, 1]);
  expect(vector.weights[0]).toBeCloseTo(c.weight, 6);
  expect(vector.biases[0]).toBeCloseTo(c.bias, 6);
  expect(nll(vector.apply(logits))).toBeCloseTo(c.vectorNll, 10);
});
