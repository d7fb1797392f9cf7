import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { lossNames } from './compiled';
import { isCrossEntropy } from './estimator';

/** What the targets of one output have been so far. */
interface Seen {
  /** Rows or, of sequences, steps. */
  count: number;
  /** Sum of each class or unit. */
  totals: number[];
  low: number;
  high: number;
  /** The largest distance of the sum of a row from 1. */
  rowError: number;
  /** Whether all are 0 or 1. */
  binary: boolean;
}

/**
 * Which classes the regularization data contain. Errors in a class that ρ never sees cost nothing, so σ would learn to give it
 * up. One rule covers all targets that name classes: one-hot rows, class numbers, and units that are 0 or 1.
 */
export class SeenClasses {
  private readonly seen = new Map<number, Seen>();
  private adding: Promise<void> = Promise.resolve();

  constructor(private readonly model: LayersModel) {}

  /** Adds targets, one tensor for each output. Reading them from the device starts at once, and this does not wait for it. */
  add(targets: readonly tf.Tensor[]): void {
    targets.forEach((given, output) => {
      const { shape } = this.model.outputs[output];
      const classes = shape[shape.length - 1];
      if (classes === null) return;
      const sparse = isSparse(this.lossName(output));
      const read = sparse ? tf.clone(given) : tf.tidy(() => sumsOf(given, classes));
      if (!read) return;
      // Not dataSync: WebGPU has none outside of browsers.
      const numbers = read.data();
      this.adding = this.adding.then(async () => {
        const values = await numbers;
        this.take(output, sparse ? countsOf(values, classes) : seenOf(values));
        read.dispose();
      });
    });
  }

  /** @throws ArgumentError for targets that their loss cannot take. */
  async checkPossible(): Promise<void> {
    await this.adding;
    for (const [output, { low, high, rowError, totals }] of this.seen) {
      const loss = this.lossName(output);
      const what = `the target of output ${show(this.model.outputNames[output])}`;
      if (isSparse(loss) && rowError > 0) {
        throw new ArgumentError(
          'regularizationData',
          `${what} has class numbers beyond the ${totals.length} classes. Number them from 0 to ${totals.length - 1}.`,
        );
      }
      // Mixed targets are 1 up to rounding.
      if (isCrossEntropy(loss) && (low < -1e-4 || high > 1 + 1e-4)) {
        throw new ArgumentError(
          'regularizationData',
          `${what} has values from ${low} to ${high}, but its loss ${loss} takes 0, 1 and probabilities between them. Give those.`,
        );
      }
    }
  }

  /** The classes without an example, as `class 2 in the target of output "kind"`; undefined if none is missing. */
  async missing(): Promise<string | undefined> {
    await this.adding;
    const { outputNames } = this.model;
    for (const [output, seen] of this.seen) {
      const what = missingOf(seen, this.lossName(output));
      if (what === undefined) continue;
      return `${what}${outputNames.length > 1 ? ` in the target of output ${show(outputNames[output])}` : ''}`;
    }
    return undefined;
  }

  private lossName = (output: number) => lossNames(this.model)[output];

  private take(output: number, { count, low, high, rowError, binary, totals }: Seen): void {
    const before = this.seen.get(output);
    this.seen.set(output, {
      count: count + (before?.count ?? 0),
      low: Math.min(low, before?.low ?? low),
      high: Math.max(high, before?.high ?? high),
      rowError: Math.max(rowError, before?.rowError ?? 0),
      binary: binary && (before?.binary ?? true),
      totals: totals.map((total, c) => total + (before?.totals[c] ?? 0)),
    });
  }
}

/** {@link Seen} of class numbers. One-hot rows of a large vocabulary would not fit into memory. */
function countsOf(numbers: ArrayLike<number>, classes: number): Seen {
  const totals = new Array<number>(classes).fill(0);
  let rowError = 0;
  for (let i = 0; i < numbers.length; i++) {
    const c = Math.floor(numbers[i]);
    // The one-hot row of a class that is not there is empty.
    if (c >= 0 && c < classes) totals[c] += 1;
    else rowError = 1;
  }
  return { count: numbers.length, totals, low: 0, high: 1, rowError, binary: true };
}

/** The numbers of {@link Seen} in a row, `totals` last; none for targets that name no classes. */
function sumsOf(given: tf.Tensor, classes: number): tf.Tensor | undefined {
  const units = given.rank === 1 ? 1 : given.shape[given.rank - 1];
  if (units !== classes) return undefined;
  const y: tf.Tensor = tf.cast(tf.reshape(given, [-1, units]), 'float32');
  const binary = tf.min(tf.cast(tf.logicalOr(tf.equal(y, 0), tf.equal(y, 1)), 'float32'));
  const rowError = tf.max(tf.abs(tf.sub(tf.sum(y, 1), 1)));
  const ends = [tf.min(y), tf.max(y)];
  return tf.concat([tf.stack([tf.scalar(y.shape[0]), ...ends, rowError, binary]), tf.sum(y, 0)]);
}

function seenOf(sums: ArrayLike<number>): Seen {
  const [count, low, high, rowError, binary, ...totals] = Array.from(sums);
  return { count, low, high, rowError, binary: binary === 1, totals };
}

const isSparse = (loss: string | undefined) => loss === 'sparseCategoricalCrossentropy';

const few = (list: readonly number[]) =>
  `${list.slice(0, 6).join(', ')}${list.length > 6 ? `, … (${list.length} in all)` : ''}`;

function missingOf(
  { count, totals, low, rowError, binary }: Seen,
  loss: string | undefined,
): string | undefined {
  const classes = totals.length;
  const missing = totals.flatMap((total, c) => (total > 0 ? [] : [c]));
  if (classes > 1 && (isSparse(loss) || (low >= 0 && rowError < 1e-4))) {
    return missing.length > 0 ? `class ${few(missing)}` : undefined;
  }
  if (!binary || loss !== 'binaryCrossentropy') return undefined;
  const full = totals.flatMap((total, c) => (total < count ? [] : [c]));
  const at = (list: number[]) => (classes > 1 ? ` for unit ${few(list)}` : '');
  if (missing.length > 0) return `class 1${at(missing)}`;
  return full.length > 0 ? `class 0${at(full)}` : undefined;
}

/** @throws ArgumentError for targets that their loss cannot take, and if a class is missing unless that is allowed. */
export async function checkSeen(seen: SeenClasses, allowMissing: boolean): Promise<void> {
  await seen.checkPossible();
  const missing = allowMissing ? undefined : await seen.missing();
  if (missing === undefined) return;
  throw new ArgumentError(
    'regularizationData',
    `has no example of ${missing}. Hold out the same share of every class, or set allowMissingClasses: true.`,
  );
}
