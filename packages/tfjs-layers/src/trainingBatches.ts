import * as tf from '@tensorflow/tfjs-core';
import type { RegularizationBatch } from './regularizationData';

/**
 * Training batches for `fitDataset` from tensors, epoch after epoch without end, as `fit` makes them: the last of an
 * epoch may be smaller.
 *
 * @param order - the examples of the epoch that begins, by index. As many in each.
 */
export function trainingBatches(
  { x, y }: RegularizationBatch,
  { batchSize, order }: { batchSize: number; order(): readonly number[] },
) {
  return {
    async iterator() {
      let indices: readonly number[] = [];
      let at = 0;
      return {
        async next() {
          if (at >= indices.length) [indices, at] = [order(), 0];
          const some = indices.slice(at, at + batchSize);
          at += batchSize;
          return { value: tf.tidy(() => ({ xs: take(x, some), ys: take(y, some) })), done: false };
        },
      };
    },
  };
}

/** The examples with these indices. Targets that are a list of numbers become a column, as in `fit`. */
export const take = (tensors: readonly tf.Tensor[], indices: readonly number[]): tf.Tensor[] =>
  tf.tidy(() => {
    const at = tf.tensor1d(indices as number[], 'int32');
    return tensors.map((tensor) => {
      const some = tf.gather(tensor, at);
      return tensor.rank === 1 ? tf.expandDims(some, 1) : some;
    });
  });
