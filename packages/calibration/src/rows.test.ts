import { expect, test } from 'vitest';
import { flatRows } from './rows';

test('rows, typed rows and a flat array are equivalent', () => {
  for (const rows of [
    [
      [1, 2],
      [3, 4],
    ],
    [Float32Array.of(1, 2), Float64Array.of(3, 4)],
    [1, 2, 3, 4],
    Float32Array.of(1, 2, 3, 4),
  ]) {
    const { values, width } = flatRows('logits', rows, 2);
    expect([Array.from(values), width]).toEqual([[1, 2, 3, 4], 2]);
  }
});

test.each<[string, any, RegExp]>([
  ['null', null, /logits: must be an array of rows or a flat \(typed\) array, but is null/],
  ['text', '12', /flat \(typed\) array, but is "/],
  ['nothing', [], /at least one row, but is empty/],
  ['a null row', [[1, 2], null], /a row of numbers for each example, but row 1 is null/],
  ['a null first row', [null, [1, 2]], /but row 0 is null/],
  ['another width', [[1, 2, 3]], /must hold 2 numbers in every row, but row 0 has 3/],
  ['ragged rows', [[1, 2], [1]], /but row 1 has 1/],
  ['half a row', [1, 2, 3], /rows of 2 classes, but has 3 numbers, which is not a multiple/],
  ['text for a number', [[1, '2']], /logits\[0\]\[1\]: must be a number, but is "2"/],
  ['null for a number', [1, null], /logits\[1\]: must be a number, but is null/],
])('refuses %s', (_, rows, message) => {
  expect(() => flatRows('logits', rows, 2)).toThrow(message);
});
