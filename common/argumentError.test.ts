import { expect, test } from 'vitest';
import { ArgumentError, checkAbove, checkInteger, checkOneOf } from './argumentError';
import { show } from './show';

test('an error names its argument, for people and for programs', () => {
  const error = new ArgumentError('schedule.every', 'must be 1 or more.');
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe('ArgumentError');
  expect(error.argument).toBe('schedule.every');
  expect(error.message).toBe('schedule.every: must be 1 or more.');
});

test.each([
  ['a "word"', '"a \\"word\\""'],
  [3.5, '3.5'],
  [-0, '0'],
  [Number.NaN, 'NaN'],
  [null, 'null'],
  [undefined, 'undefined'],
  [12n, '12'],
  [Symbol('s'), 'Symbol(s)'],
  [[1, 'two', [3]], '[1, "two", [3]]'],
  [[1, 2, 3, 4, 5, 6, 7], '[1, 2, 3, 4, 5, 6, …]'],
  [{ a: 1 }, 'Object'],
  [new Map(), 'Map'],
  [Object.create(null), 'object'],
  [function named() {}, 'function named'],
  [(() => () => {})(), 'function (anonymous)'],
])('a value is shown in short: %s', (value, text) => {
  expect(show(value)).toBe(text);
});

test('integers from a least one', () => {
  expect(checkInteger('n', 2, 2, 'Use 2.')).toBe(2);
  for (const value of [1, 2.5, '3', Number.NaN, Number.POSITIVE_INFINITY, undefined]) {
    expect(() => checkInteger('n', value, 2, 'Use 2.')).toThrow(
      `n: must be an integer of at least 2, but is ${show(value)}. Use 2.`,
    );
  }
});

test('finite numbers above a bound, or from it on', () => {
  expect(checkAbove('x', 0.1, 0, 'Use 1.')).toBe(0.1);
  expect(checkAbove('x', 0, 0, 'Use 1.', true)).toBe(0);
  for (const value of [0, -1, '1', Number.NaN, Number.POSITIVE_INFINITY, null]) {
    expect(() => checkAbove('x', value, 0, 'Use 1.')).toThrow(
      `x: must be a finite number above 0, but is ${show(value)}. Use 1.`,
    );
  }
  expect(() => checkAbove('x', -1, 0, 'Use 1.', true)).toThrow('must be a finite number of at least 0');
});

test('one of some values', () => {
  expect(checkOneOf('mode', 'b', ['a', 'b'], 'Use a.')).toBe('b');
  expect(() => checkOneOf('mode', 'c', ['a', 'b', true], "Use 'a'.")).toThrow(
    "mode: must be 'a', 'b' or true, but is \"c\". Use 'a'.",
  );
});
