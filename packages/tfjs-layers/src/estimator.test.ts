import type { Averaging } from '@crossreg/core';
import { expect, test } from 'vitest';
import { checkEstimator, type Estimator, isDebiased } from './estimator';

test.each<[Averaging, string | undefined, boolean]>([
  ['probabilities', 'categoricalCrossentropy', true],
  ['probabilities', 'sparseCategoricalCrossentropy', true],
  ['probabilities', 'binaryCrossentropy', true],
  ['logits', undefined, true],
  ['sigmoidLogits', undefined, true],
  // Not a cross-entropy, or not known to be one.
  ['probabilities', 'meanSquaredError', false],
  ['probabilities', undefined, false],
  ['mean', 'meanSquaredError', false],
  ['mean', 'categoricalCrossentropy', false],
])('by default, %s of the loss %s are debiased: %s', (averaging, loss, expected) => {
  expect(isDebiased(undefined, averaging, loss)).toBe(expected);
});

test.each<[Estimator, Averaging, boolean]>([
  ['average', 'probabilities', false],
  ['average', 'logits', false],
  ['debiased', 'probabilities', true],
  ['debiased', 'mean', false],
])('the choice %s decides for %s: %s', (estimator, averaging, expected) => {
  for (const loss of ['categoricalCrossentropy', undefined])
    expect(isDebiased(estimator, averaging, loss)).toBe(expected);
});

test('another estimator is refused', () => {
  expect(checkEstimator('average')).toBe('average');
  expect(checkEstimator(undefined)).toBe(undefined);
  expect(() => checkEstimator('bootstrap' as Estimator)).toThrow(
    "estimator: must be 'average' or 'debiased'",
  );
});
