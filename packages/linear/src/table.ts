import { ArgumentError, Array64, show } from '@crossreg/core';

/**
 * A table of numbers, an example a row: rows, or row-major numbers with their shape (an `Array64` of core, or
 * `{ data: features, shape }` of a data set).
 */
export type Table =
  | readonly ArrayLike<number>[]
  | { readonly data: ArrayLike<number>; readonly shape: readonly number[] };

/** A number for each example, or a table with a column for each target. */
export type Targets = ArrayLike<number> | Table;

const isNumbers = (x: unknown): x is ArrayLike<number> =>
  typeof x === 'object' &&
  x !== null &&
  'length' in x &&
  (x.length === 0 || typeof (x as any)[0] === 'number');

/** Refuses anything but finite numbers. */
export function checkFinite(argument: string, numbers: ArrayLike<number>, columns = 1): void {
  for (let i = 0; i < numbers.length; i++) {
    if (!Number.isFinite(numbers[i])) {
      const place = columns > 1 ? `row ${Math.floor(i / columns)}, column ${i % columns}` : `row ${i}`;
      throw new ArgumentError(
        argument,
        `is ${show(numbers[i])} at ${place}. Fill in or drop what is missing: only finite numbers can be fitted.`,
      );
    }
  }
}

/**
 * A table as one array `[rows, columns]`, copied.
 *
 * @throws ArgumentError for no rows, no columns, ragged rows, or a number that is not finite.
 */
export function toTable(argument: string, table: Table): Array64 {
  let array: Array64;
  if (Array.isArray(table)) {
    const columns = table[0]?.length ?? 0;
    const ragged = table.findIndex((row) => row?.length !== columns);
    if (ragged >= 0) {
      throw new ArgumentError(
        argument,
        `has ${columns} numbers in row 0 but ${show(table[ragged]?.length)} in row ${ragged}. Rows must agree.`,
      );
    }
    const data = new Float64Array(table.length * columns);
    table.forEach((row, i) => {
      data.set(row, i * columns);
    });
    array = new Array64(data, [table.length, columns]);
  } else {
    const { data, shape } = (table ?? {}) as { data?: ArrayLike<number>; shape?: readonly number[] };
    if (!data || shape?.length !== 2 || data.length !== shape[0] * shape[1]) {
      throw new ArgumentError(
        argument,
        `must be rows of numbers, or { data, shape: [rows, columns] }, but is ${show(table)}.`,
      );
    }
    array = new Array64(Float64Array.from(data), [...shape]);
  }
  const [rows, columns] = array.shape;
  if (rows === 0 || columns === 0) {
    throw new ArgumentError(argument, `has shape [${rows}, ${columns}]. At least one of each is needed.`);
  }
  checkFinite(argument, array.data, columns);
  return array;
}

/** Targets as one array `[examples, targets]`. */
export function toTargets(argument: string, targets: Targets): Array64 {
  if (!isNumbers(targets)) return toTable(argument, targets as Table);
  if (targets.length === 0) throw new ArgumentError(argument, 'is empty. At least one number is needed.');
  checkFinite(argument, targets);
  return new Array64(Float64Array.from(targets), [targets.length, 1]);
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
