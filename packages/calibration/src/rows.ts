import { ArgumentError, checkInteger, refuse } from '../../../common/argumentError';
import { show } from '../../../common/show';

/**
 * One row of numbers per example, one number per class: an array of rows, or all rows one after the other in a flat
 * (typed) array. The number of classes of a flat array is its length over the number of labels.
 */
export type Rows = ArrayLike<number> | readonly ArrayLike<number>[];

/** Rows one after the other. */
export interface FlatRows {
  values: ArrayLike<number>;
  /** Numbers in a row. */
  width: number;
}

const isList = (x: unknown): x is ArrayLike<unknown> =>
  Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView));

/**
 * An array of rows or a flat array, as a flat array and its row length.
 *
 * @param width The numbers in a row: required for a flat array; rows of an array of rows must have as many.
 * @param least The fewest numbers that make a row. Default 2.
 * @throws {ArgumentError} for anything but numbers, and for rows of different or other widths.
 */
export function flatRows(argument: string, rows: Rows, width?: number, least = 2): FlatRows {
  if (!isList(rows)) {
    const advice = 'Write [[0.2, 0.8]] for one example; of a tensor, give await tensor.data().';
    refuse(argument, rows, 'an array of rows or a flat (typed) array', advice);
  }
  if (rows.length === 0)
    throw new ArgumentError(
      argument,
      'must hold at least one row, but is empty. Give a row for each example.',
    );
  if (!isList(rows[0]) && rows[0] !== null) {
    checkInteger('classes', width, least, 'Give the length of a row of the flat array.');
    if (rows.length % width! !== 0) {
      throw new ArgumentError(
        argument,
        `must hold rows of ${width} classes, but has ${rows.length} numbers, which is not a multiple of ${width}. Give complete rows.`,
      );
    }
    checkNumbers(argument, rows);
    return { values: rows as ArrayLike<number>, width: width! };
  }
  const list = rows as readonly ArrayLike<number>[];
  const classes = width ?? list[0]?.length ?? 0;
  const values = new Float64Array(list.length * classes);
  for (let i = 0; i < list.length; i++) {
    const row = list[i];
    if (!isList(row)) {
      throw new ArgumentError(
        argument,
        `must hold a row of numbers for each example, but row ${i} is ${show(row)}. Fill in or drop what is missing.`,
      );
    }
    if (row.length !== classes) {
      throw new ArgumentError(
        argument,
        `must hold ${classes} numbers in every row, but row ${i} has ${row.length}. Give one for each class.`,
      );
    }
    checkNumbers(argument, row, i);
    values.set(row, i * classes);
  }
  checkInteger('classes', classes, least, 'Give a number for each class in every row.');
  return { values, width: classes };
}

/** Typed arrays hold nothing but numbers; in others `'0.5'` and `null` would become some. */
function checkNumbers(argument: string, numbers: ArrayLike<unknown>, row?: number): void {
  if (ArrayBuffer.isView(numbers)) return;
  for (let i = 0; i < numbers.length; i++) {
    if (typeof numbers[i] !== 'number') {
      const place = row === undefined ? `[${i}]` : `[${row}][${i}]`;
      refuse(`${argument}${place}`, numbers[i], 'a number', 'Fill in or drop what is missing.');
    }
  }
}
