import { ArgumentError, type Array64, deriveSeed, permutation } from '@crossreg/core';
import { checkInteger, checkOptions, checkSeed, show } from '@crossreg/core/internal';
import { type Table, type Targets, takeRows, toNumbers, toTable, toTargets } from './table';

/** The stream of a seed from which splits and folds are drawn, see `deriveSeed`. */
const splitStream = 0;

/** The source of the regularization set: one of the three. Default `{ folds: 5 }`. */
export interface HoldOut<X = Table, Y = Targets> {
  /** Your own held-out set, [X, y]. Coefficients are trained on the arguments of `fit`, and ρ on this. */
  regularizationData?: readonly [X: X, y: Y];
  /** The share of the examples, in (0, 1), that is held out at random. Coefficients are trained on the rest. */
  split?: number;
  /**
   * K-fold cross-regularization: K random folds, or the fold number of each example. Each fold is held out from a fit at the
   * same ρ, and the derivative of the validation loss by ρ is averaged over folds. The final coefficients are trained on all
   * examples at the learned ρ, so small data lose no part.
   */
  folds?: number | ArrayLike<number>;
  /** Seed of the random choices. Default 0. */
  seed?: number;
}

/** Examples `[n, columns]` with their targets `[n, targets]`. */
export interface Examples {
  x: Array64;
  y: Array64;
}

/** A part on which coefficients are trained, and the part that validates them. */
export interface Split {
  training: Examples;
  validation: Examples;
}

/** The data on which the final coefficients are trained, and the splits from which ρ is learned. */
export interface Splits {
  training: Examples;
  splits: Split[];
}

/**
 * Divides the examples.
 *
 * @throws ArgumentError for tables that do not fit each other, or parts without examples.
 */
export function splitExamples(x: Table, y: Targets, options: HoldOut = {}): Splits {
  checkOptions('fit', options, { regularizationData: 1, split: 1, folds: 1, seed: 1 });
  const all = examples('X', 'y', x, y);
  const count = all.x.shape[0];
  const { regularizationData, split, folds, seed = 0 } = options;
  checkSeed('seed', seed);
  const given = Object.entries({ regularizationData, split, folds }).filter(([, v]) => v !== undefined);
  if (given.length > 1) {
    const names = given.map(([name]) => name);
    throw new ArgumentError(
      names.join(', '),
      'are given together. Give only one of them: each says what is held out.',
    );
  }
  if (regularizationData !== undefined) {
    const validation = examples(
      'regularizationData[0]',
      'regularizationData[1]',
      ...pair(regularizationData),
    );
    for (const part of ['x', 'y'] as const) {
      const [have, want] = [validation[part].shape[1], all[part].shape[1]];
      if (have !== want) {
        throw new ArgumentError(
          'regularizationData',
          `has ${have} ${part === 'x' ? 'columns' : 'targets'}, but the training data have ${want}. Both must have the same number.`,
        );
      }
    }
    return { training: all, splits: [{ training: all, validation }] };
  }
  if (split !== undefined) {
    const size = typeof split === 'number' ? Math.round(split * count) : Number.NaN;
    if (!(size > 0 && size < count)) {
      throw new ArgumentError(
        'split',
        `is ${show(split)}, which leaves nothing on one side of ${count} examples. Use 0.2, or folds.`,
      );
    }
    const order = permutation(count, deriveSeed(seed, splitStream));
    const one = divide(all, [...order.subarray(size)], [...order.subarray(0, size)]);
    return { training: one.training, splits: [one] };
  }
  const fold = foldOf(folds ?? 5, count, seed);
  const numbers = [...new Set(Array.from(fold))].sort((a, b) => a - b);
  if (numbers.length < 2) {
    throw new ArgumentError('folds', `puts all ${count} examples into one fold. Use at least two folds.`);
  }
  const rows = Array.from({ length: count }, (_, i) => i);
  return {
    training: all,
    splits: numbers.map((k) =>
      divide(
        all,
        rows.filter((i) => fold[i] !== k),
        rows.filter((i) => fold[i] === k),
      ),
    ),
  };
}

/** Held-out data as a pair; anything else is refused. */
export function pair<X, Y>(regularizationData: readonly [X, Y]): readonly [X, Y] {
  if (!Array.isArray(regularizationData) || regularizationData.length !== 2) {
    throw new ArgumentError(
      'regularizationData',
      `must be [X, y], but is ${show(regularizationData)}. Give the held-out examples and their targets.`,
    );
  }
  return regularizationData;
}

function examples(nameX: string, nameY: string, x: Table, y: Targets): Examples {
  const result = { x: toTable(nameX, x), y: toTargets(nameY, y) };
  const [rows, targets] = [result.x.shape[0], result.y.shape[0]];
  if (rows !== targets) {
    throw new ArgumentError(
      nameY,
      `has ${targets} examples, but ${nameX} has ${rows}. Both must have the same number.`,
    );
  }
  return result;
}

function foldOf(folds: number | ArrayLike<number>, count: number, seed: number): ArrayLike<number> {
  if (folds !== null && typeof folds === 'object') {
    const fold = toNumbers('folds', folds);
    if (fold.length !== count) {
      throw new ArgumentError(
        'folds',
        `has ${fold.length} numbers for ${count} examples. Give one fold number per example.`,
      );
    }
    const odd = fold.findIndex((k) => !Number.isInteger(k));
    if (odd >= 0) {
      throw new ArgumentError('folds', `is ${fold[odd]} at row ${odd}. Number the folds 0, 1, 2, …`);
    }
    return fold;
  }
  checkInteger('folds', folds, 2, 'Use 5.');
  if (folds > count) {
    throw new ArgumentError('folds', `is ${folds}, but there are ${count} examples. Use at most that many.`);
  }
  const fold = new Uint32Array(count);
  permutation(count, deriveSeed(seed, splitStream)).forEach((example, i) => {
    fold[example] = i % folds;
  });
  return fold;
}

const divide = ({ x, y }: Examples, training: number[], validation: number[]): Split => ({
  training: { x: takeRows(x, training), y: takeRows(y, training) },
  validation: { x: takeRows(x, validation), y: takeRows(y, validation) },
});
