import { customRegularizer, float64 as fw } from '@crossreg/core';
import { expect, test } from 'vitest';
import { groupLasso, l1, l2, norm } from './norms';

const weights = () => [fw.array([3, 0, -4, 0, 0, 12], [3, 2])];

test('l2 is the length of the weights, l1 the sum of their sizes', () => {
  expect(l2().regularizer.value(fw, weights()).data[0]).toBe(13);
  expect(l1().regularizer.value(fw, weights()).data[0]).toBe(19);
});

test('groupLasso sums the lengths of blocks: the weights of an input, an array, or an index along an axis', () => {
  // Rows (3, 0), (−4, 0), (0, 12); columns (3, −4, 0) and (0, 0, 12).
  const value = (axis: 'array' | number) => groupLasso({ axis }).regularizer.value(fw, weights()).data[0];
  expect(value('array')).toBe(13);
  expect(value(0)).toBe(3 + 4 + 12);
  expect(value(1)).toBe(5 + 12);
  expect(value(-1)).toBe(5 + 12);
  // Inputs or units: their axis in a kernel follows from the layer later, so only the choice is stored.
  expect(groupLasso().blocks).toBe('inputs');
  expect(groupLasso({ axis: 'units' }).blocks).toBe('units');
  expect(l2().blocks).toBeUndefined();
});

test('options are passed on unchanged', () => {
  const options = { layers: /dense/, per: 'unit', biases: true, learningRate: 0.1, name: 'size' } as const;
  expect(l2(options).options).toEqual(options);
  expect(groupLasso({ axis: 'units', per: 'model' }).options).toEqual({ per: 'model' });
});

test('any regularizer of core works', () => {
  const length = customRegularizer({ value: (f, w) => f.sqrt(f.sum(f.mul(w[0], w[0]))) });
  expect(norm(length).regularizer).toBe(length);
});

test.each([
  [() => norm({} as never), 'regularizer: must be a regularizer, but is'],
  [() => l2({ per: 'channel' as never }), "per: must be 'model', 'layer' or 'unit', but is \"channel\""],
  [() => l1({ units: 3 } as never), 'units'],
  [() => groupLasso({ axis: 'rows' as never }), "axis: must be 'inputs', 'units', 'array' or a number"],
  [
    () => norm(customRegularizer({ value: (f, w) => f.sum(w[0]) }), { per: 'unit' }),
    "per: is 'unit', but custom has no level for each unit. Use 'layer'.",
  ],
])('what cannot be right is refused: %s', (make, message) => {
  expect(make).toThrow(message);
});
