import { deriveSeed, permutation } from '@crossreg/core';
import { seedNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';
import progress from 'cli-progress';

const batchSize = 32;

/** Endless batches, in a new random order of the rows each round. */
function* batches({ x, y }, seed) {
  const count = x.shape[0];
  for (let epoch = 0; ; epoch++) {
    const order = [...permutation(count, deriveSeed(seed, epoch))];
    for (let at = 0; at + batchSize <= count; at += batchSize) {
      yield tf.tidy(() => {
        const rows = tf.tensor1d(order.slice(at, at + batchSize), 'int32');
        return { xs: tf.gather(x, rows), ys: tf.gather(y, rows) };
      });
    }
  }
}

/**
 * Trains a compiled model for a number of steps. The order of the data follows from the seed, so that a run can be repeated.
 * (`fit` shuffles with Math.random.)
 *
 * @param set - `{ x, y }`.
 * @param cross - the crossRegularization callback, or nothing for plain training.
 */
export async function train({ name, model, set, steps, seed, cross }) {
  const bar = new progress.SingleBar({
    format: '{name} [{bar}] {value}/{total} steps, {eta_formatted} left',
    noTTYOutput: true,
    notTTYSchedule: 10_000,
  });
  bar.start(steps, 0, { name: name.padEnd(14) });
  seedNoise(seed);
  await model.fitDataset(
    tf.data.generator(() => batches(set, seed)),
    {
      epochs: 1,
      batchesPerEpoch: steps,
      callbacks: [...(cross ? [cross] : []), new tf.CustomCallback({ onBatchEnd: () => bar.increment() })],
    },
  );
  bar.stop();
}
