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
      const sums = tf.tidy(() => this.sums(given, output));
      if (!sums) return;
      // Not dataSync: WebGPU has none outside of browsers.
      const numbers = sums.data();
      this.adding = this.adding.then(async () => {
        this.take(output, await numbers);
        sums.dispose();
      });
    });
  }

  /** @throws ArgumentError for targets that their loss cannot take. */
  async checkPossible(): Promise<void> {
    await this.adding;
    for (const [output, { low, high, rowError, totals }] of this.seen) {
      const loss = this.lossName(output);
      const what = `the target of output ${show(this.model.outputNames[output])}`;
      // The one-hot row of a class that is not there is empty.
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

  /** The numbers of {@link Seen} in a row, `totals` last; none for targets that name no classes. */
  private sums(given: tf.Tensor, output: number): tf.Tensor | undefined {
    const { shape } = this.model.outputs[output];
    const classes = shape[shape.length - 1];
    const units = given.rank === 1 ? 1 : given.shape[given.rank - 1];
    const sparse = isSparse(this.lossName(output));
    if (classes === null || (!sparse && units !== classes)) return undefined;
    const y: tf.Tensor = sparse
      ? tf.cast(tf.oneHot(tf.cast(tf.reshape(given, [-1]), 'int32'), classes), 'float32')
      : tf.cast(tf.reshape(given, [-1, units]), 'float32');
    const binary = tf.min(tf.cast(tf.logicalOr(tf.equal(y, 0), tf.equal(y, 1)), 'float32'));
    const rowError = tf.max(tf.abs(tf.sub(tf.sum(y, 1), 1)));
    const ends = [tf.min(y), tf.max(y)];
    return tf.concat([tf.stack([tf.scalar(y.shape[0]), ...ends, rowError, binary]), tf.sum(y, 0)]);
  }

  private take(
    output: number,
    [count, low, high, rowError, binary, ...totals]: Iterable<number> & ArrayLike<number>,
  ): void {
    const before = this.seen.get(output);
    this.seen.set(output, {
      count: count + (before?.count ?? 0),
      low: Math.min(low, before?.low ?? low),
      high: Math.max(high, before?.high ?? high),
      rowError: Math.max(rowError, before?.rowError ?? 0),
      binary: binary === 1 && (before?.binary ?? true),
      totals: totals.map((total, c) => total + (before?.totals[c] ?? 0)),
    });
  }
}

const isSparse = (loss: string | undefined) => loss === 'sparseCategoricalCrossentropy';

function missingOf(
  { count, totals, low, rowError, binary }: Seen,
  loss: string | undefined,
): string | undefined {
  const classes = totals.length;
  const missing = totals.flatMap((total, c) => (total > 0 ? [] : [c]));
  if (classes > 1 && (isSparse(loss) || (low >= 0 && rowError < 1e-4))) {
    return missing.length > 0 ? `class ${missing.join(', ')}` : undefined;
  }
  if (!binary || loss !== 'binaryCrossentropy') return undefined;
  const full = totals.flatMap((total, c) => (total < count ? [] : [c]));
  const at = (list: number[]) => (classes > 1 ? ` for unit ${list.slice(0, 5).join(', ')}` : '');
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
