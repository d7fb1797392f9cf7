import { expect, test } from 'vitest';
import { negativeLogLikelihood } from './negativeLogLikelihood';
import { temperatureScaling } from './temperatureScaling';
import { vectorScaling } from './vectorScaling';

test('mends a shift between classes, which no temperature can', () => {
  // Logit differences 1 and −1 whose best probabilities are 9/10 and 5/10.
  const logits = [...Array(10).fill([1, 0]), ...Array(10).fill([0, 1])];
  const labels = [...Array(9).fill(0), 1, ...Array(5).fill(0), ...Array(5).fill(1)];
  const scaling = vectorScaling(logits, labels);
  expect(scaling.converged).toBe(true);
  const [high, , even] = scaling.apply([
    [1, 0],
    [0, 1],
  ]);
  expect(high).toBeCloseTo(0.9, 6);
  expect(even).toBeCloseTo(0.5, 6);
  expect(scaling.biases[0] + scaling.biases[1]).toBeCloseTo(0, 12);
  const temperature = temperatureScaling(logits, labels);
  expect(negativeLogLikelihood(scaling.apply(logits), labels)).toBeLessThan(
    negativeLogLikelihood(temperature.apply(logits), labels) - 0.05,
  );
});
