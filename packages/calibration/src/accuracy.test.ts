import { expect, test } from 'vitest';
import { accuracy } from './accuracy';

test('counts the most probable class, and the first one in a tie', () => {
  expect(
    accuracy(
      [
        [0.2, 0.8],
        [0.7, 0.3],
        [0.5, 0.5],
        [0.5, 0.5],
      ],
      [1, 1, 0, 1],
    ),
  ).toBe(0.5);
});
