import { expect, test } from 'vitest';
import { looksLikeClasses, numericColumns, prepareTable } from './table.js';

const rows = Array.from({ length: 80 }, (_, i) => ({
  width: String(i),
  name: `row ${i}`,
  gap: i === 7 ? '' : String((i * 7) % 10),
  kind: i % 4 === 0 ? 'b' : 'a',
}));

const columns = Object.keys(rows[0]);

test('columns of numbers are distinguished from words, and classes from measured values', () => {
  expect(numericColumns(rows, columns)).toEqual(['width', 'gap']);
  expect(looksLikeClasses(rows, 'kind')).toBe(true);
  expect(looksLikeClasses(rows, 'gap')).toBe(true);
  expect(looksLikeClasses(rows, 'width')).toBe(false);
});

test('every complete row is in one part, classes in proportion, inputs standardized on the training rows', () => {
  const {
    train,
    heldOut,
    test: unseen,
    classes,
    columns: inputs,
    leftOut,
  } = prepareTable(rows, {
    ...{ columns, target: 'kind', classify: true, seed: 1 },
  });
  expect([inputs, classes, leftOut]).toEqual([['width', 'gap'], ['a', 'b'], 1]);
  expect(train.count + heldOut.count + unseen.count).toBe(79);
  // Of 59 rows "a" 15 are unseen and 13 of 44 held out; of 20 rows "b" 5 and 5 (4.5) of 15.
  const ones = ({ y, count }: typeof train) =>
    Array.from({ length: count }, (_, i) => y[2 * i + 1]).filter(Boolean).length;
  expect([unseen.count, ones(unseen)]).toEqual([20, 5]);
  expect([heldOut.count, ones(heldOut)]).toEqual([18, 5]);
  for (const column of [0, 1]) {
    const values = Array.from({ length: train.count }, (_, i) => train.x[2 * i + column]);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const square = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(0, 5);
    expect(square).toBeCloseTo(1, 5);
  }
});

test('a column that is constant in training is 0 everywhere (it was −1, and another value in a test row −1e15)', () => {
  for (const constant of [1, 0.1]) {
    const prepare = (odd: number) => {
      const marked = rows.map((row, i) => ({ ...row, constant: String(i === odd ? 0 : constant) }));
      return prepareTable(marked, {
        columns: ['width', 'constant'],
        target: 'width',
        classify: false,
        seed: 1,
      });
    };
    // Whichever part the odd row is in.
    for (let odd = 0; odd < rows.length; odd++) {
      const { train, heldOut, test: unseen } = prepare(odd);
      const isConstant = train.x.every((value) => value === train.x[0]);
      for (const { x } of [train, heldOut, unseen])
        expect(x.every((value) => (isConstant ? value === 0 : Math.abs(value) < 10))).toBe(true);
    }
  }
});

test.each([
  [rows.slice(0, 30), { target: 'width', classify: false }, /Only 29 rows are complete, but at least 40/],
  [rows, { target: 'name', classify: true }, /"name" has 79 different values/],
  [
    rows.map(({ width, name }) => ({ width, name })),
    { target: 'width', classify: false },
    /No column of numbers/,
  ],
  [
    rows.map((row, i) => ({ ...row, kind: i < 3 ? 'rare' : 'a' })),
    { target: 'kind', classify: true },
    /"rare" is in only 3 rows/,
  ],
])('an unsuitable table is refused with a readable message', (table, options, message) => {
  expect(() => prepareTable(table, { columns, ...options, seed: 1 })).toThrow(message);
});
