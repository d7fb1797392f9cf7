import type { Averaging } from '@crossreg/core';
import { logSumExp } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import { tfjs } from './framework';

/**
 * The logarithms of the probabilities that an output stands for: of a softmax those of all classes; of a sigmoid those of 1 and of
 * 0, on a new first axis, because 1 − p loses its digits where p is near 1.
 *
 * @returns undefined for outputs that are not logits.
 */
export function logProbabilities(output: tf.Tensor, averaging: Averaging): tf.Tensor | undefined {
  if (averaging === 'logits') return tf.sub(output, logSumExp(tfjs, output, [output.rank - 1]));
  if (averaging !== 'sigmoidLogits') return undefined;
  return tf.neg(tf.stack([tfjs.softplus(tf.neg(output)), tfjs.softplus(output)]));
}

/** log(eᵃ + eᵇ), without overflow or underflow; −∞ where both are. */
export function addLogs(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const [high, low] = [tf.maximum(a, b), tf.minimum(a, b)];
  const distance = tf.where(tf.equal(high, low), tf.zerosLike(high), tf.sub(low, high));
  return tf.add(high, tfjs.softplus(distance));
}

/** The logits of an average from the sum of {@link logProbabilities}. */
export function logitsOf(sum: tf.Tensor, averaging: Averaging): tf.Tensor {
  if (averaging === 'logits') return tf.sub(sum, logSumExp(tfjs, sum, [sum.rank - 1]));
  const [one, zero] = tf.unstack(sum);
  return tf.sub(one, zero);
}
