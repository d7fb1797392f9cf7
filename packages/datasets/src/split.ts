import { ArgumentError, refuse } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import { checkRange } from './checkRange';
import { type Dataset, take } from './dataset';
import { permutation, shuffle, uniform } from './random';

/** How {@link split} divides. Give `size` or `fraction`. */
export interface SplitOptions {
  /** Rows of the second part: from 1 to all but one. */
  size?: number;
  /** The second part as a fraction of all rows, in (0, 1); rounded to whole rows. */
  fraction?: number;
  /** Keep the class proportions in both parts, to the nearest row. Default: if the data set has `labels`. */
  stratified?: boolean;
  /** The same seed gives the same parts. Default 0. */
  seed?: number;
}

/**
 * Divides a data set at random into two disjoint parts that together are the whole.
 *
 * @returns `[rest, part]`, where `part` has the `size` asked for. Both are copies in random order.
 * @throws {ArgumentError} for a size outside the data set, for both or neither of `size` and `fraction`, and for
 *   `stratified` without `labels`.
 * @example
 * ```ts
 * const [rest, part] = split(await diabetes(), { size: 50, seed: 1 });
 * ```
 */
export function split<D extends Dataset>(dataset: D, options: SplitOptions): [rest: D, part: D] {
  checkOptions('split', options, { size: 1, fraction: 1, stratified: 1, seed: 1 });
  const rows = dataset.shape[0];
  const { size, fraction, seed = 0 } = options;
  if ((size === undefined) === (fraction === undefined)) {
    throw new ArgumentError(
      'options',
      `must have either size or fraction, but has ${size === undefined ? 'neither' : 'both'}. Give { size: 500 } or { fraction: 0.1 }.`,
    );
  }
  if (fraction !== undefined && !(fraction > 0 && fraction < 1)) {
    refuse('fraction', fraction, 'a number between 0 and 1 (both excluded)', 'Use 0.1 for a tenth.');
  }
  const count = size ?? Math.round(fraction! * rows);
  checkRange('size', count, 1, rows - 1, `Each part needs at least one of the ${rows} rows.`);

  const labels = (dataset as { labels?: ArrayLike<number> }).labels;
  const { stratified = labels !== undefined } = options;
  if (stratified && !labels) {
    throw new ArgumentError(
      'stratified',
      'is given as true, but the data set has no labels. Leave stratified out.',
    );
  }
  if (stratified && labels!.length !== rows) {
    throw new ArgumentError(
      'labels',
      `has ${labels!.length} numbers for ${rows} rows, but parts with the same classes need one for each. Or give stratified: false.`,
    );
  }
  const next = uniform(seed);
  if (stratified) {
    const { chosen, rest } = chooseStratified(labels!, count, next);
    return [take(dataset, rest), take(dataset, chosen)];
  }
  const order = permutation(rows, next);
  return [take(dataset, order.subarray(count)), take(dataset, order.subarray(0, count))];
}

/** `count` random indices, stratified by `labels`, in random order. */
export const sampleStratified = (labels: ArrayLike<number>, count: number, seed: number): number[] =>
  chooseStratified(labels, count, uniform(seed)).chosen;

/** Walks a random order and takes an index while the quota of its class lasts. */
function chooseStratified(labels: ArrayLike<number>, count: number, next: () => number) {
  const left = quotas(labels, count);
  const chosen: number[] = [];
  const rest: number[] = [];
  for (const index of permutation(labels.length, next)) {
    const label = labels[index];
    const quota = left.get(label)!;
    if (quota > 0) chosen.push(index);
    else rest.push(index);
    left.set(label, quota - 1);
  }
  // Quotas are used up class by class, so the order of the walk would put some classes first.
  return { chosen: shuffle(chosen, next), rest: shuffle(rest, next) };
}

/** Rows of each class among `count`: proportional, largest remainders rounded up, which sums to `count`. */
function quotas(labels: ArrayLike<number>, count: number): Map<number, number> {
  const sizes = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) sizes.set(labels[i], (sizes.get(labels[i]) ?? 0) + 1);
  const shares = [...sizes]
    .map(([label, size]) => ({ label, exact: (count * size) / labels.length }))
    .sort((a, b) => (b.exact % 1) - (a.exact % 1) || a.label - b.label);
  let left = count - shares.reduce((sum, { exact }) => sum + Math.floor(exact), 0);
  return new Map(shares.map(({ label, exact }) => [label, Math.floor(exact) + (left-- > 0 ? 1 : 0)]));
}
