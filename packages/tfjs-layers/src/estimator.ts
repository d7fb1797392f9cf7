import type { Averaging } from '@crossreg/core';
import { checkOneOf } from '@crossreg/core/internal';

/**
 * How the regularization loss is estimated from K draws.
 *
 * - `'average'`: the loss of the average of the K draws, as in the paper. It penalizes noise for a variance that more draws would
 *   average out.
 * - `'debiased'`: the same without that bias, see `debiasedLoss` of core. It takes the loss for a cross-entropy. Outputs that are
 *   averaged as they are, such as a regression's, are not corrected: the variance of their average is part of the error of their
 *   predictions too. A loss of logits may be a mean or a sum over the batch; a function that takes probabilities has to return a
 *   number for each example.
 */
export type Estimator = 'average' | 'debiased';

/** @throws ArgumentError for another estimator. */
export function checkEstimator(value: Estimator | undefined): Estimator | undefined {
  if (value === undefined) return undefined;
  const advice = "Leave it out: 'debiased' is used where the loss is known to be a cross-entropy.";
  return checkOneOf('estimator', value, ['average', 'debiased'] as const, advice);
}

const crossEntropies = new Set([
  'categoricalCrossentropy',
  'sparseCategoricalCrossentropy',
  'binaryCrossentropy',
]);

/** Whether a loss is a stock cross-entropy, which takes probabilities. */
export const isCrossEntropy = (lossName: string | undefined): boolean => crossEntropies.has(lossName ?? '');

/**
 * Whether the loss of an output is estimated without its bias. By default it is where the loss is known to be a cross-entropy: by
 * its name, or because it takes logits. A custom loss on probabilities may be anything.
 *
 * @param lossName - undefined for a function.
 */
export function isDebiased(
  estimator: Estimator | undefined,
  averaging: Averaging,
  lossName: string | undefined,
): boolean {
  if (averaging === 'mean' || estimator === 'average') return false;
  return estimator === 'debiased' || averaging !== 'probabilities' || isCrossEntropy(lossName);
}
