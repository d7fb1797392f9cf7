import { expect, test } from 'vitest';
import { logitsOf, softmax } from './softmax';

test('rows sum to 1, also far from zero', () => {
  const p = softmax([1000, 1001, -1000, -1001], 2);
  expect(p[0] + p[1]).toBeCloseTo(1, 15);
  expect(p[1]).toBeCloseTo(1 / (1 + Math.exp(-1)), 15);
  expect(p[2]).toBeCloseTo(p[1], 15);
});

test('logitsOf is its inverse, with a smallest probability for impossible classes', () => {
  const p = [
    [0.2, 0.5, 0.3],
    [0, 1, 0],
  ];
  softmax(logitsOf(p), 3).forEach((value, i) => {
    expect(value).toBeCloseTo(p.flat()[i], 12);
  });
  expect(logitsOf([0, 1], 2, 1e-3)[0]).toBeCloseTo(-3 * Math.LN10, 12);
});

test('rows that do not fit are refused', () => {
  expect(() => softmax([1, 2, 3])).toThrow(/classes: must be an integer of at least 2, but is undefined/);
  expect(() => softmax([1, 2, 3], 2)).toThrow(/has 3 numbers, which is not a multiple/);
  expect(() => logitsOf([-0.1, 1.1], 2)).toThrow(
    /probabilities\[0\]: must be a number of at least 0, but is -0\.1/,
  );
});
