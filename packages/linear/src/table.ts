import { ArgumentError, Array64 } from '@crossreg/core';
import { show } from '@crossreg/core/internal';

/**
 * A table of numbers, one example per row: rows, or row-major numbers with their shape (an `Array64` of core, or `{ data:
 * features, shape }` of a data set).
 */
export type Table =
  | readonly ArrayLike<number>[]
  | { readonly data: ArrayLike<number>; readonly shape: readonly number[] };

/** One number per example, or a table with one column per target. */
export type Targets = ArrayLike<number> | Table;

/** An array or a typed array. A string has a length, too, but its characters are not numbers. */
const isList = (x: unknown): x is ArrayLike<unknown> =>
  Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView));

/** Copies numbers, and refuses anything else with its place: no `null`, `''` or `'3'` becomes a number. */
function copyNumbers(
  argument: string,
  from: ArrayLike<unknown>,
  to: Float64Array,
  start: number,
  place: (i: number) => string,
): void {
  for (let i = 0; i < from.length; i++) {
    const value = from[i];
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      const advice =
        typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
          ? 'Turn text into numbers with Number(text).'
          : 'Fill in or drop what is missing.';
      throw new ArgumentError(
        argument,
        `is ${show(value)} at ${place(i)}. ${advice} Only finite numbers can be fitted.`,
      );
    }
    to[start + i] = value;
  }
}

/**
 * A list of numbers, copied.
 *
 * @throws ArgumentError for anything but an array or typed array of at least one finite number.
 */
export function toNumbers(argument: string, list: unknown): Float64Array {
  if (!isList(list)) {
    throw new ArgumentError(
      argument,
      `must be an array of numbers, but is ${show(list)}. Give one number per row.`,
    );
  }
  if (list.length === 0) throw new ArgumentError(argument, 'is empty. At least one number is needed.');
  const numbers = new Float64Array(list.length);
  copyNumbers(argument, list, numbers, 0, (i) => `row ${i}`);
  return numbers;
}

/**
 * A table as one array `[rows, columns]`, copied.
 *
 * @throws ArgumentError for no rows, no columns, ragged rows, or anything that is not a finite number.
 */
export function toTable(argument: string, table: unknown): Array64 {
  const array = isList(table) ? fromRows(argument, table) : fromShape(argument, table);
  const [rows, columns] = array.shape;
  if (rows === 0 || columns === 0) {
    throw new ArgumentError(argument, `has shape [${rows}, ${columns}]. At least one of each is needed.`);
  }
  return array;
}

function fromRows(argument: string, rows: ArrayLike<unknown>): Array64 {
  if (rows.length > 0 && typeof rows[0] === 'number') {
    throw new ArgumentError(
      argument,
      `is a list of ${rows.length} numbers, but must be a table, [examples, columns]. ` +
        'Write x.map((v) => [v]) for a single column, [x] for a single example.',
    );
  }
  const columns = isList(rows[0]) ? rows[0].length : 0;
  const data = new Float64Array(rows.length * columns);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (!isList(row)) {
      throw new ArgumentError(
        argument,
        `is ${show(row)} at row ${i}. Every row must be an array of numbers.`,
      );
    }
    if (row.length !== columns) {
      throw new ArgumentError(
        argument,
        `has ${columns} numbers in row 0 but ${row.length} in row ${i}. All rows must have the same length.`,
      );
    }
    copyNumbers(argument, row, data, i * columns, (j) => `row ${i}, column ${j}`);
  }
  return new Array64(data, [rows.length, columns]);
}

function fromShape(argument: string, table: unknown): Array64 {
  const { data, shape } = (table ?? {}) as { data?: unknown; shape?: unknown };
  if (!isList(data) || !isList(shape)) {
    throw new ArgumentError(
      argument,
      `must be rows of numbers, or { data, shape: [rows, columns] }, but is ${show(table)}. Write [[1, 2], [3, 4]] for two examples of two columns; of a tensor, give { data: await x.data(), shape: x.shape }.`,
    );
  }
  const [rows, columns] = shape as ArrayLike<number> & Iterable<number>;
  if (shape.length !== 2 || data.length !== rows * columns) {
    throw new ArgumentError(
      argument,
      `has shape ${show(Array.from(shape))} with ${data.length} numbers. Give shape: [rows, columns] and rows × columns numbers.`,
    );
  }
  const numbers = new Float64Array(data.length);
  copyNumbers(argument, data, numbers, 0, (i) => `row ${Math.floor(i / columns)}, column ${i % columns}`);
  return new Array64(numbers, [rows, columns]);
}

/** Targets as one array `[examples, targets]`: of one column, where they are a list of numbers. */
export function toTargets(argument: string, targets: unknown): Array64 {
  // A list of anything but rows is read as numbers, so that the message names the bad entry.
  if (!isList(targets) || isList(targets[0])) return toTable(argument, targets);
  const numbers = toNumbers(argument, targets);
  return new Array64(numbers, [numbers.length, 1]);
}

/** Some rows of a table, copied. */
export function takeRows({ data, shape: [, columns] }: Array64, rows: ArrayLike<number>): Array64 {
  const taken = new Float64Array(rows.length * columns);
  for (let i = 0; i < rows.length; i++) {
    taken.set(data.subarray(rows[i] * columns, (rows[i] + 1) * columns), i * columns);
  }
  return new Array64(taken, [rows.length, columns]);
}

/** Some columns of a table, copied. */
export function takeColumns({ data, shape: [rows, columns] }: Array64, taken: readonly number[]): Array64 {
  const result = new Float64Array(rows * taken.length);
  for (let i = 0; i < result.length; i++) {
    result[i] = data[Math.floor(i / taken.length) * columns + taken[i % taken.length]];
  }
  return new Array64(result, [rows, taken.length]);
}

/** Tables side by side, a column each. */
export function joinColumns(columns: readonly Array64[]): Array64 {
  const [rows, count] = [columns[0].shape[0], columns.length];
  const result = new Float64Array(rows * count).map((_, i) => columns[i % count].data[Math.floor(i / count)]);
  return new Array64(result, [rows, count]);
}
