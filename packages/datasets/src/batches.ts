import { checkOptions } from '../../../common/checkOptions';
import { checkRange } from './checkRange';
import { type Dataset, take } from './dataset';
import { permutation, uniform } from './random';

/** How {@link batches} walks. */
export interface BatchOptions {
  /** Rows of a batch. */
  batchSize: number;
  /** Shuffles with this seed. Default: the order of the data set. */
  seed?: number;
  /** Leave out a last batch with fewer rows. Default false. */
  dropRemainder?: boolean;
}

/** Walks once through a data set, batch by batch; each batch is a new data set.
 * @example
 * ```ts
 * for (const batch of batches(await diabetes(), { batchSize: 64, seed: 1 })) console.log(batch.shape);
 * ```
 */
export function* batches<D extends Dataset>(
  dataset: D,
  options: BatchOptions,
): Generator<D, void, undefined> {
  checkOptions('batches', options, { batchSize: 1, seed: 1, dropRemainder: 1 });
  const rows = dataset.shape[0];
  const { batchSize, seed, dropRemainder = false } = options;
  checkRange('batchSize', batchSize, 1, rows, `The data set has ${rows} rows.`);
  const order =
    seed === undefined ? Uint32Array.from({ length: rows }, (_, i) => i) : permutation(rows, uniform(seed));
  const end = dropRemainder ? rows - (rows % batchSize) : rows;
  for (let i = 0; i < end; i += batchSize)
    yield take(dataset, order.subarray(i, Math.min(i + batchSize, end)));
}
