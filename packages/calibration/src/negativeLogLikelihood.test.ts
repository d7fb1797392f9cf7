import { expect, test } from 'vitest';
import { negativeLogLikelihood } from './negativeLogLikelihood';

test('a uniform prediction costs log(classes), a certain and right one nothing', () => {
  expect(negativeLogLikelihood([[0.25, 0.25, 0.25, 0.25]], [2])).toBeCloseTo(Math.log(4), 14);
  expect(negativeLogLikelihood([[0, 1]], [1])).toBeCloseTo(0, 14);
});

test('an impossible label costs no more than the epsilon', () => {
  expect(negativeLogLikelihood([[0, 1]], [0])).toBeCloseTo(52 * Math.LN2, 12);
  expect(negativeLogLikelihood([[0, 1]], [0], { epsilon: 1e-3 })).toBeCloseTo(3 * Math.LN10, 12);
  expect(negativeLogLikelihood([[0, 1]], [0], { epsilon: 0 })).toBe(Number.POSITIVE_INFINITY);
  expect(() => negativeLogLikelihood([[0, 1]], [0], { epsilon: 1 })).toThrow(
    /epsilon: must be a number in \[0, 1\)/,
  );
});
