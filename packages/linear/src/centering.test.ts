import { Array64 } from '@crossreg/core';
import { expect, test } from 'vitest';
import { center, centering, checkCentering, uncenter } from './centering';

const examples = {
  x: new Array64(Float64Array.of(1, 10, 0.1, 2, 10, 0.1, 6, 40, 0.1), [3, 3]),
  y: new Array64(Float64Array.of(1, 2, 3, 4, 5, 9), [3, 2]),
};

test('columns are centered, and divided by the population’s standard deviation', () => {
  const found = centering(examples, { standardize: true });
  // By hand: (1, 2, 6) has mean 3 and variance (4 + 1 + 9)/3; (10, 10, 40) has mean 20 and variance (100 + 100 + 400)/3.
  expect([...found.mean]).toEqual([3, 20, 0.1]);
  expect(found.scale[0]).toBeCloseTo(Math.sqrt(14 / 3), 14);
  expect(found.scale[1]).toBeCloseTo(Math.sqrt(200), 12);
  expect([...found.targetMean]).toEqual([3, 5]);
  const { x, y } = center(examples, found);
  expect(x.data[0]).toBeCloseTo(-2 / Math.sqrt(14 / 3), 14);
  expect([...y.data]).toEqual([-2, -3, 0, -1, 2, 4]);
});

test('a constant column is exactly zero, though a sum of it rounds: 0.1 + 0.1 + 0.1 is not 0.3', () => {
  expect((0.1 + 0.1 + 0.1) / 3).not.toBe(0.1);
  const found = centering(examples, { standardize: true });
  expect(found.scale[2]).toBe(1);
  const { x } = center(examples, found);
  expect([x.data[2], x.data[5], x.data[8]]).toEqual([0, 0, 0]);
});

test('without an intercept nothing is subtracted', () => {
  const found = centering(examples, { fitIntercept: false });
  expect(center(examples, found)).toEqual(examples);
});

test('coefficients in the units of X predict the same as centered ones', () => {
  const found = centering(examples, { standardize: true });
  // [columns, targets]
  const weights = new Array64(Float64Array.of(1, -2, 0.5, 3, 7, 7), [3, 2]);
  const { coefficients, intercepts } = uncenter(weights, found);
  const { x } = center(examples, found);
  for (let i = 0; i < 3; i++) {
    for (let k = 0; k < 2; k++) {
      const [inside, outside] = [0, 1, 2].reduce(
        ([a, b], j) => [
          a + x.data[3 * i + j] * weights.data[2 * j + k],
          b + examples.x.data[3 * i + j] * coefficients[3 * k + j],
        ],
        [found.targetMean[k], intercepts[k]],
      );
      expect(outside).toBeCloseTo(inside, 12);
    }
  }
});

test('values other than true and false are refused', () => {
  expect(() => checkCentering({ standardize: 1 as never })).toThrow('standardize: must be');
  expect(() => checkCentering({ fitIntercept: 'no' as never })).toThrow('fitIntercept: must be');
});
