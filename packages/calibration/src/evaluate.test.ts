import { expect, test } from 'vitest';
import { accuracy, brierScore, evaluate, expectedCalibrationError, negativeLogLikelihood } from './index';

test('the four figures at their defaults', () => {
  const probabilities = Float32Array.of(0.9, 0.1, 0.4, 0.6, 0.2, 0.8);
  const labels = Uint8Array.of(0, 0, 1);
  expect(evaluate(probabilities, labels)).toEqual({
    accuracy: accuracy(probabilities, labels),
    nll: negativeLogLikelihood(probabilities, labels),
    brier: brierScore(probabilities, labels),
    ece: expectedCalibrationError(probabilities, labels),
  });
});
