import { type Averaging, averagePredictions, debiasedLoss } from '@crossreg/core';
import { type NoiseStream, tfjs, withNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { withBatchStatistics } from './batchStatistics';
import type { LossFunction } from './internals';
import { isLogits } from './outputAveraging';
import { forward } from './predict';
import { debiasedReduced } from './reducedLoss';
import type { RegularizationBatch } from './regularizationData';

/** What one output of a model adds to the regularization loss. */
export interface OutputObjective {
  loss: LossFunction;
  averaging: Averaging;
  /** Whether the bias of few draws is subtracted from the loss, a cross-entropy of the averaged prediction. */
  debiased: boolean;
  /** Of the classes, by number: the loss of an example is multiplied with that of its class, as in `fit`. */
  classWeights?: readonly number[];
}

/** What a regularization loss is computed from, see {@link regularizationLoss}. */
export interface RegularizationObjective {
  model: LayersModel;
  batch: RegularizationBatch;
  /** The noise of the forward pass. Antithetic, where `samples` is even: then sample k and k + K/2 are a pair ±ε. */
  stream: NoiseStream;
  /** K: draws that one prediction averages. */
  samples: number;
  /** One for each output of the model. */
  outputs: readonly OutputObjective[];
}

/**
 * The smallest number of examples whose statistics a batch normalization may use in a ρ step, because K draws of one example are not
 * a sample. Of fewer examples, a common offset would be a large part of the gradient.
 */
const FEW_EXAMPLES = 16;

/**
 * The loss of the averaged prediction (method.md §3), the sum over a model's outputs: a scalar, differentiable in every σ and
 * weight. All K draws of an example are in one pass: sample k of example b is row k · batch + b.
 *
 * The gradient of a regression ignores a common offset of the predictions (method.md §3, *Offsets*), if there are several draws
 * and at least 16 examples.
 *
 * If there is noise and the batch has at least 16 examples, batch normalizations use the statistics of this pass (see {@link
 * withBatchStatistics}); otherwise they use their moving ones. Every other layer is in inference mode. Stateful recurrent
 * layers begin from zero, because the examples continue no training batch, and keep their states.
 */
export function regularizationLoss(objective: RegularizationObjective): tf.Tensor {
  const { model, batch, stream, samples, outputs } = objective;
  const examples = batch.x[0].shape[0];
  const inputs = batch.x.map((tensor) => tf.concat(new Array<tf.Tensor>(samples).fill(tensor)));
  const pass = () => withNoise(stream, () => forward(model, inputs, 'zero'));
  const sampled = samples > 1 && examples >= FEW_EXAMPLES;
  const draws = (sampled ? withBatchStatistics(model, pass) : pass()).map((output) =>
    tf.reshape(output, [samples, examples, ...output.shape.slice(1)]),
  );
  const all = Array.from({ length: samples }, (_, k) => k);
  const groups = stream.antithetic ? pairs(samples) : all.map((k) => [k]);
  return draws
    .map((output, i) => {
      const { loss, averaging, debiased, classWeights } = outputs[i];
      const target = batch.y[i];
      const lossOf = (chosen: readonly number[]) => {
        const prediction = averagePredictions(tfjs, pick(output, chosen), averaging);
        return loss(target, averaging === 'mean' && sampled ? withoutOffset(prediction) : prediction);
      };
      const withoutBias = () => {
        const whole = lossOf(groups.flat());
        const reduced =
          isLogits(averaging) &&
          groups.length > 1 &&
          debiasedReduced(loss, whole, { logits: output, averaging, target, groups });
        return (
          reduced ||
          debiasedLoss(tfjs, groups, (chosen) => (chosen.length === samples ? whole : lossOf(chosen)))
        );
      };
      const each = debiased ? withoutBias() : lossOf(all);
      return tf.mean(classWeights ? tf.mul(each, weightsOf(target, classWeights)) : each);
    })
    .reduce((sum, term) => tf.add(sum, term));
}

/**
 * The predictions of a regression, unchanged, with a gradient that ignores how they move together: dy minus its mean over the
 * examples, for each unit of the output (method.md §3, *Offsets*).
 */
const withoutOffset = tf.customGrad((prediction) => {
  const x = prediction as tf.Tensor;
  const axes = Array.from({ length: Math.max(1, x.rank - 1) }, (_, axis) => axis);
  return {
    value: tf.clone(x),
    gradFunc: (dy: tf.Tensor) => tf.sub(dy, tf.mean(dy, axes, true)),
  };
});

/** Draws that depend on each other: k and k + K/2. */
const pairs = (samples: number) => Array.from({ length: samples / 2 }, (_, k) => [k, k + samples / 2]);

/** Some rows of an array, in order. */
const pick = (all: tf.Tensor, rows: readonly number[]): tf.Tensor =>
  rows.length === all.shape[0] ? all : tf.concat(rows.map((row) => tf.slice(all, row, 1)));

/** The weight of each example's class, [batch]: the target is one-hot, or the number of the class. */
function weightsOf(target: tf.Tensor, weights: readonly number[]): tf.Tensor {
  const classes = target.shape[target.rank - 1] > 1 ? tf.argMax(target, -1) : tf.reshape(target, [-1]);
  return tf.gather(tf.tensor1d(weights as number[]), tf.cast(classes, 'int32'));
}
