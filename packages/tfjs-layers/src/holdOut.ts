import { ArgumentError, deriveSeed, permutation } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs-core';
import type { RegularizationBatch, RegularizationTensors } from './regularizationData';
import { take } from './trainingBatches';

/** What was split off the training data for ρ, and the number of examples it was split off. */
export interface HeldOut {
  tensors: RegularizationTensors;
  from: number;
}

/**
 * Splits a share of the training examples off, chosen at random: the same ones for the same seed.
 *
 * @param before - what an earlier call took off the same data: it is kept.
 * @returns what is held out, and the index of every other example.
 * @throws ArgumentError for a share of no example, and for data of another size than before.
 */
export function holdOut(
  { x, y }: RegularizationBatch,
  { split, seed, before }: { split: number; seed: number; before: HeldOut | undefined },
): { heldOut: HeldOut; rest: number[] } {
  const count = x[0].shape[0];
  const held = Math.round(count * split);
  if (held === 0) {
    throw new ArgumentError(
      'regularizationData.split',
      `of ${split} takes nothing off ${count} examples. Use a larger share.`,
    );
  }
  if (before && before.from !== count) {
    throw new ArgumentError(
      'x',
      `has ${count} examples, but the regularization set was split off ${before.from}. Go on with the same data, ` +
        'so that none of the held-out examples is trained on, or make a new callback.',
    );
  }
  const order = [...permutation(count, deriveSeed(seed, 3))];
  const chosen = order.slice(0, held);
  const heldOut = before ?? { tensors: [take(x, chosen), take(y, chosen)], from: count };
  return { heldOut, rest: order.slice(held) };
}

/** Frees what was split off. */
export const freeHeldOut = (heldOut: HeldOut | undefined): void => {
  if (heldOut) tf.dispose(heldOut.tensors);
};
