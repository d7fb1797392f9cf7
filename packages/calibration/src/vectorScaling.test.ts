import { expect, test } from 'vitest';
import { negativeLogLikelihood } from './negativeLogLikelihood';
import { temperatureScaling } from './temperatureScaling';
import { vectorScaling } from './vectorScaling';

test('corrects a shift between classes, which no temperature can', () => {
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

test('separable data have no minimum, and the result says so (it reported convergence with weights of 952)', () => {
  const apart = [
    [2, 0],
    [1, 0],
    [0, 1],
    [0, 3],
  ];
  expect(vectorScaling(apart, [0, 0, 1, 1]).converged).toBe(false);
  expect(vectorScaling([2, 1, -1, -3], [1, 1, 0, 0]).converged).toBe(false);
  // One class of three apart from the others, which overlap: the loss does not fall to 0.
  const half = Array.from({ length: 30 }, (_, i) => (i % 3 === 0 ? [3 + i, 0, 0] : [-1, i % 5, (i * 7) % 5]));
  const labels = half.map((_, i) => (i % 3 === 0 ? 0 : 1 + (i % 2)));
  expect(vectorScaling(half, labels).converged).toBe(false);
  // A class without examples.
  expect(
    vectorScaling(
      half,
      labels.map((label) => Math.max(label, 1)),
    ).converged,
  ).toBe(false);
});

test('the size and the offset of the logits change the weights and the biases, and no probability', () => {
  const base = Array.from({ length: 60 }, (_, i) => [Math.sin(i), Math.cos(3 * i), Math.sin(2 * i + 1)]);
  const labels = base.map((_, i) => (i * i) % 3 || (i % 5 === 0 ? 2 : 0));
  const expected = vectorScaling(base, labels);
  expect(expected.converged).toBe(true);
  const probabilities = expected.apply(base);
  for (const [size, offset] of [
    [1e-12, 0],
    [1e-2, 0],
    [30, 0],
    [1e9, 0],
    [1, 1000],
    [-3, -1e6],
  ]) {
    const logits = base.map((row) => row.map((v, k) => v * size + offset * (k + 1)));
    const found = vectorScaling(logits, labels);
    expect(found.converged, `${size}, ${offset}`).toBe(true);
    found.apply(logits).forEach((p, i) => {
      expect(p).toBeCloseTo(probabilities[i], 6);
    });
    found.weights.forEach((weight, k) => {
      expect((weight * size) / expected.weights[k]).toBeCloseTo(1, 4);
    });
    expect(found.biases.reduce((sum, bias) => sum + bias)).toBeCloseTo(0, 3);
  }
});

test('apply refuses rows of a different width', () => {
  const scaling = vectorScaling(
    [
      [1, 0],
      [0, 1],
      [1, 2],
    ],
    [0, 1, 0],
  );
  expect(() => scaling.apply([[1, 2, 3, 4]])).toThrow('must hold 2 numbers in every row, but row 0 has 4');
});
