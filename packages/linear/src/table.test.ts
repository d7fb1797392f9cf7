import { expect, test } from 'vitest';
import { Lasso } from './lasso';
import { Ridge } from './ridge';
import { SmoothingSpline } from './smoothingSpline';
import { toNumbers, toTable, toTargets } from './table';

test('rows, typed rows and { data, shape } give the same table', () => {
  const expected = Float64Array.of(1, 2, 3, 4);
  for (const table of [
    [
      [1, 2],
      [3, 4],
    ],
    [Float32Array.of(1, 2), Int8Array.of(3, 4)],
    { data: [1, 2, 3, 4], shape: [2, 2] },
  ]) {
    expect(toTable('X', table)).toMatchObject({ data: expected, shape: [2, 2] });
  }
});

test('a list of targets is a column, rows of targets are a table', () => {
  expect(toTargets('y', Float32Array.of(1, 2)).shape).toEqual([2, 1]);
  expect(
    toTargets('y', [
      [1, 2],
      [3, 4],
    ]).shape,
  ).toEqual([2, 2]);
});

test('tables are copies', () => {
  const data = Float64Array.of(1, 2);
  expect(toTable('X', { data, shape: [1, 2] }).data).not.toBe(data);
  expect(toNumbers('x', data)).not.toBe(data);
});

const missing: [string, unknown][] = [
  ['null', null],
  ["''", ''],
  ['undefined', undefined],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ["'3'", '3'],
  ['true', true],
  ['[3]', [3]],
  ['a Date', new Date(0)],
];
const text = (value: unknown) => (typeof value === 'string' ? JSON.stringify(value) : '');

test.each(missing)(
  '%s is refused as a number at any place (it used to become 0, 1 or a digit)',
  (_, value) => {
    const x = Array.from({ length: 12 }, (_, i) => [i, i % 3]);
    const y = x.map(([a, b]) => a - b);
    const at = (list: any[], i: number) => list.map((v, k) => (k === i ? value : v));
    const rows = x.map((row, i) => (i === 4 ? [row[0], value] : row)) as any;
    for (const Model of [Ridge, Lasso]) {
      const fitted = new Model().fit(x, y);
      expect(() => new Model().fit(rows, y)).toThrow(`X: is ${text(value)}`);
      expect(() => new Model().fit(rows, y)).toThrow('at row 4, column 1.');
      expect(() => new Model().fit(x, at(y, 4) as any)).toThrow(/^y: is .* at row 4\./);
      expect(() => new Model().fit({ data: at(x.flat(), 9), shape: [12, 2] } as any, y)).toThrow(
        'at row 4, column 1.',
      );
      expect(() => new Model().fit(x, y, { regularizationData: [rows, y] })).toThrow(
        'regularizationData[0]: is',
      );
      expect(() => new Model().fit(x, y, { regularizationData: [x, at(y, 4) as any] })).toThrow(
        'regularizationData[1]: is',
      );
      expect(() =>
        new Model().fit(x, y, {
          folds: at(
            y.map((_, i) => i % 2),
            4,
          ) as any,
        }),
      ).toThrow(/^folds: is .* at row 4\./);
      expect(() => fitted.predict(rows)).toThrow('X: is');
    }
    const spline = new SmoothingSpline().fit(
      x.map(([v]) => v),
      y,
    );
    expect(() =>
      new SmoothingSpline().fit(
        at(
          x.map(([v]) => v),
          4,
        ) as any,
        y,
      ),
    ).toThrow(/^x: is .* at row 4\./);
    expect(() =>
      new SmoothingSpline().fit(
        x.map(([v]) => v),
        at(y, 4) as any,
      ),
    ).toThrow(/^y: is/);
    expect(() => spline.predict([1, value as number])).toThrow(/^x: is .* at row 1\./);
  },
);

test('text is not split into digits (two targets used to become one per digit)', () => {
  expect(() => new Ridge().fit([[1], [2]], ['10', '20'] as any)).toThrow(
    'y: is "10" at row 0. Turn text into numbers with Number(text).',
  );
  expect(() => new Ridge().fit(['12', '34'] as any, [1, 2])).toThrow('X: is "12" at row 0.');
});

test('for a list in place of a table, the error says how to make it a table', () => {
  for (const x of [[1, 2, 3], Float64Array.of(1, 2, 3)]) {
    expect(() => new Ridge().fit(x as any, [1, 2, 3])).toThrow(
      'X: is a list of 3 numbers, but must be a table, [examples, columns]. Write x.map((v) => [v])',
    );
  }
});

test('a row that is missing is named', () => {
  expect(() => new Ridge().fit([[1, 2], null] as any, [1, 2])).toThrow('X: is null at row 1. Every row');
});

test('a shape that does not match its numbers is shown', () => {
  expect(() => toTable('X', { data: [1, 2, 3], shape: [3] })).toThrow('has shape [3] with 3 numbers');
  expect(() => toTable('X', { data: [1, 2, 3], shape: [2, 2] })).toThrow('has shape [2, 2] with 3 numbers');
  expect(() => toTable('X', new Map())).toThrow('must be rows of numbers');
  expect(() => toNumbers('x', '123')).toThrow('x: must be an array of numbers, but is "123"');
});
