import { ArgumentError } from './argumentError';

/**
 * One row of numbers an example, one number a class: an array of rows, or all rows one after the other in a flat
 * (typed) array. The number of classes of a flat array is its length over the number of labels.
 */
export type Rows = ArrayLike<number> | readonly ArrayLike<number>[];

/** The class index of every example. */
export type Labels = ArrayLike<number>;

/** Checked input, flat. */
export interface Predictions {
  /** Row-major, `examples` × `classes`. */
  values: ArrayLike<number>;
  labels: Labels;
  examples: number;
  classes: number;
}

/** How far a row of probabilities may sum from 1: softmax in float16 on 1,000 classes stays within. */
const SUM_TOLERANCE = 1e-2;
/** Rounding may push an averaged probability this far out of [0, 1]. */
const RANGE_TOLERANCE = 1e-5;

/**
 * Probabilities and labels, checked and flat.
 *
 * @throws {ArgumentError} for shapes that do not fit, labels that are no class index, numbers that are not
 *   finite or not in [0, 1], and rows that do not sum to 1 within 0.01.
 */
export function readProbabilities(probabilities: Rows, labels: Labels): Predictions {
  const predictions = readRows('probabilities', probabilities, labels);
  const { values, examples, classes } = predictions;
  for (let i = 0; i < examples; i++) {
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const p = values[i * classes + k];
      if (!(p >= -RANGE_TOLERANCE && p <= 1 + RANGE_TOLERANCE)) {
        throw new ArgumentError(
          `probabilities of example ${i}, class ${k} must lie in [0, 1], but is ${p}. ` +
            'If these are logits, turn them into probabilities with softmax().',
        );
      }
      sum += p;
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw new ArgumentError(
        `probabilities of example ${i} must sum to 1, but sum to ${sum}. Independent (sigmoid) outputs are one ` +
          'two-class problem each: give every output as the rows [1 − p, p].',
      );
    }
  }
  return predictions;
}

/** Logits and labels, checked and flat: any finite numbers, and −∞ for an impossible class is refused. */
export function readLogits(logits: Rows, labels: Labels): Predictions {
  const predictions = readRows('logits', logits, labels);
  const { values, classes } = predictions;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new ArgumentError(
        `logits of example ${Math.floor(i / classes)}, class ${i % classes} must be finite, but is ${values[i]}. ` +
          'Of probabilities, logitsOf() makes finite logits.',
      );
    }
  }
  return predictions;
}

function readRows(argument: string, rows: Rows, labels: Labels): Predictions {
  const examples = labels?.length;
  if (!examples)
    throw new ArgumentError('labels must hold the class index of at least one example, but is empty.');
  const values = flatten(argument, rows, examples);
  const classes = values.length / examples;
  if (!Number.isInteger(classes)) {
    throw new ArgumentError(
      `${argument} must hold the same number of classes for each of the ${examples} labels, but ${values.length} ` +
        `is not a multiple of ${examples}. Labels are class indices, not one-hot rows.`,
    );
  }
  if (classes < 2) {
    throw new ArgumentError(
      `${argument} must hold at least two classes an example, but holds ${classes}. Give a two-class problem ` +
        'with a single output p as the rows [1 − p, p].',
    );
  }
  for (let i = 0; i < examples; i++) {
    if (!Number.isInteger(labels[i]) || labels[i] < 0 || labels[i] >= classes) {
      throw new ArgumentError(
        `labels[${i}] must be a class index from 0 to ${classes - 1}, but is ${String(labels[i])}.`,
      );
    }
  }
  return { values, labels, examples, classes };
}

function flatten(argument: string, rows: Rows, examples: number): ArrayLike<number> {
  if (rows == null || typeof rows.length !== 'number') {
    throw new ArgumentError(
      `${argument} must be an array of rows or a flat (typed) array, but is ${typeof rows}.`,
    );
  }
  if (typeof rows[0] === 'number') return rows as ArrayLike<number>;
  const list = rows as readonly ArrayLike<number>[];
  if (list.length !== examples) {
    throw new ArgumentError(`${argument} has ${list.length} rows, but there are ${examples} labels.`);
  }
  const classes = list[0].length;
  const flat = new Float64Array(examples * classes);
  list.forEach((row, i) => {
    if (row.length !== classes) {
      throw new ArgumentError(
        `${argument} must hold ${classes} numbers in every row, but row ${i} has ${row.length}.`,
      );
    }
    flat.set(row, i * classes);
  });
  return flat;
}

/** The class with the largest number in row `i`; the first of several. */
export function argMax({ values, classes }: Predictions, i: number): number {
  let best = 0;
  for (let k = 1; k < classes; k++) if (values[i * classes + k] > values[i * classes + best]) best = k;
  return best;
}
