import { type Averaging, averagePredictions, debiasedLoss } from '@crossreg/core';
import { tfjs } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { LossFunction } from './internals';

/** Draws of an output, and what they are compared with. */
export interface LogitDraws {
  /** [draws, examples, …] */
  logits: tf.Tensor;
  averaging: 'logits' | 'sigmoidLogits';
  target: tf.Tensor;
  /** The numbers of draws that depend on each other. */
  groups: readonly (readonly number[])[];
}

/**
 * Subtracts the bias of few draws from a loss of logits that is a mean or a sum, as `tf.losses.softmaxCrossEntropy` is without
 * `tf.Reduction.NONE`. A loss with a number for each cross-entropy is debiased by `debiasedLoss` of core.
 *
 * In a sum the ratio of two probabilities, exp(ℓ − ℓ_g), would be a product over all examples. So the bias is that of the
 * cross-entropies of which a loss of logits is made. They count in it as much as at logits of 0.
 *
 * @param reduced - the loss of the average of all draws: one number for each example, or one for all.
 * @returns undefined if the loss is not reduced.
 */
export function debiasedReduced(
  loss: LossFunction,
  reduced: tf.Tensor,
  { logits, averaging, target, groups }: LogitDraws,
): tf.Tensor | undefined {
  const [, ...shape] = logits.shape;
  const none = tf.zeros(shape);
  const count = averaging === 'logits' ? none.size / shape[shape.length - 1] : none.size;
  if (reduced.size >= count) return undefined;
  const own = (chosen: readonly number[]) => {
    const some = tf.gather(logits, tf.tensor1d(chosen as number[], 'int32'));
    return crossEntropy(target, averagePredictions(tfjs, some, averaging), averaging);
  };
  const share = tf.divNoNan(tf.mean(loss(target, none)), tf.mean(crossEntropy(target, none, averaging)));
  const bias = tf.mul(tf.sub(own(groups.flat()), debiasedLoss(tfjs, groups, own)), share);
  const perExample = tf.mean(tf.reshape(bias, [shape[0], -1]), 1);
  const isPerExample = reduced.size === shape[0];
  return tf.sub(reduced, isPerExample ? tf.reshape(perExample, reduced.shape) : tf.mean(perExample));
}

/**
 * One number for each example and step, and for each unit of a sigmoid. It is 0 where a target is not a probability, because custom
 * losses mark missing targets in this way.
 */
function crossEntropy(target: tf.Tensor, logits: tf.Tensor, averaging: Averaging): tf.Tensor {
  const known = tf.lessEqual(tf.abs(tf.sub(target, 0.5)), 0.5001);
  const none = tf.zerosLike(logits);
  const y = tf.where(known, tf.cast(target, 'float32'), none);
  if (averaging === 'logits') return tf.neg(tf.sum(tf.mul(y, tf.logSoftmax(logits)), -1));
  return tf.where(known, tf.sub(tf.softplus(logits), tf.mul(y, logits)), none);
}
