import { expect, test } from 'vitest';
import { oneHot } from './oneHot';

test('one 1 per row', () => {
  expect([...oneHot([2, 0], 3)]).toEqual([0, 0, 1, 1, 0, 0]);
});

test('labels outside the classes are refused', () => {
  expect(() => oneHot([0, 3], 3)).toThrow(
    /labels\[1\]: must be an integer from 0 to 2, but is 3\. Number the classes from 0/,
  );
  expect(() => oneHot([0.5], 3)).toThrow(/labels\[0\]: .* is 0.5/);
  expect(() => oneHot([0], 0)).toThrow(/classes: .* 0/);
});
