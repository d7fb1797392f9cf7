import { ArgumentError, refuse } from '../../../common/argumentError';
import { flatRows, type Rows } from './rows';

export type { Rows };

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
  const predictions = readRows('probabilities', probabilities, labels, 2);
  const { values, examples, classes } = predictions;
  for (let i = 0; i < examples; i++) {
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const p = values[i * classes + k];
      if (!(p >= -RANGE_TOLERANCE && p <= 1 + RANGE_TOLERANCE)) {
        throw new ArgumentError(
          'probabilities',
          `must lie in [0, 1], but example ${i}, class ${k} has ${p}. ` +
            'If these are logits, turn them into probabilities with softmax().',
        );
      }
      sum += p;
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw new ArgumentError(
        'probabilities',
        `must sum to 1 for each example, but sum to ${sum} for example ${i}. Independent (sigmoid) outputs are one ` +
          'two-class problem each: give every output as the rows [1 − p, p].',
      );
    }
  }
  return predictions;
}

/**
 * Logits and labels, checked and flat: any finite numbers; −∞ for an impossible class is refused. A single
 * logit per example is that of class 1 against class 0 (sigmoid); then `classes` is 1.
 */
export function readLogits(logits: Rows, labels: Labels): Predictions {
  const predictions = readRows('logits', logits, labels, 1);
  checkFinite(predictions.values, predictions.classes);
  return predictions;
}

/** One logit per example as two: sigmoid(z) is the softmax of [0, z]. */
export function againstZero({ values, labels, examples }: Predictions): Predictions {
  const pairs = new Float64Array(2 * examples);
  for (let i = 0; i < examples; i++) pairs[2 * i + 1] = values[i];
  return { values: pairs, labels, examples, classes: 2 };
}

/** More logits for what was fitted to rows of `classes`: flat, and of the same width. */
export function readMoreLogits(logits: Rows, classes: number): ArrayLike<number> {
  const { values } = flatRows('logits', logits, classes, 1);
  checkFinite(values, classes);
  return values;
}

function checkFinite(values: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new ArgumentError(
        'logits',
        `must be finite, but example ${Math.floor(i / classes)}, class ${i % classes} has ${values[i]}. ` +
          'Use logitsOf() to turn probabilities into finite logits.',
      );
    }
  }
}

function readRows(argument: string, rows: Rows, labels: Labels, least: number): Predictions {
  const examples = labels?.length;
  if (!examples)
    throw new ArgumentError(
      'labels',
      'must hold the class index of at least one example, but is empty. Give one for each row.',
    );
  const { values, classes } = flatten(argument, rows, examples);
  if (!Number.isInteger(classes)) {
    throw new ArgumentError(
      argument,
      `must hold the same number of classes for each of the ${examples} labels, but has ${values.length} numbers, ` +
        `which is not a multiple of ${examples}. Labels are class indices, not one-hot rows.`,
    );
  }
  if (classes < least) {
    throw new ArgumentError(
      argument,
      `must hold at least two classes for each example, but holds ${classes}. For a two-class problem ` +
        'with a single output p, give the rows [1 − p, p].',
    );
  }
  const top = Math.max(classes - 1, 1);
  for (let i = 0; i < examples; i++) {
    if (!Number.isInteger(labels[i]) || labels[i] < 0 || labels[i] > top) {
      refuse(
        `labels[${i}]`,
        labels[i],
        `a class index from 0 to ${top}`,
        'For one-hot labels, give the index of the 1.',
      );
    }
  }
  return { values, labels, examples, classes };
}

function flatten(argument: string, rows: Rows, examples: number) {
  const flat = typeof rows?.[0] === 'number';
  // Whole rows or not is said by the caller, in terms of the labels.
  const { values, width } = flatRows(argument, rows, flat ? 1 : undefined, 1);
  if (flat) return { values, classes: values.length / examples };
  const count = values.length / width;
  if (count !== examples) {
    throw new ArgumentError(
      argument,
      `has ${count} rows, but there are ${examples} labels. Give one label for each row.`,
    );
  }
  return { values, classes: width };
}

/** The class with the largest number in row `i`; the first of several. */
export function argMax({ values, classes }: Predictions, i: number): number {
  let best = 0;
  for (let k = 1; k < classes; k++) if (values[i * classes + k] > values[i * classes + best]) best = k;
  return best;
}
