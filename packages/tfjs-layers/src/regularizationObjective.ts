import { type Averaging, averagePredictions } from '@crossreg/core';
import { type NoiseStream, tfjs, withNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { LossFunction } from './compiled';
import { forward } from './predict';
import type { RegularizationBatch } from './regularizationData';

/** What one output of a model adds to the regularization loss. */
export interface OutputObjective {
  loss: LossFunction;
  averaging: Averaging;
  /** Of the classes, by number: the loss of an example is multiplied with that of its class, as in `fit`. */
  classWeights?: readonly number[];
}

/** What a regularization loss is computed from, see {@link regularizationLoss}. */
export interface RegularizationObjective {
  model: LayersModel;
  batch: RegularizationBatch;
  /** The noise of the forward pass. */
  stream: NoiseStream;
  /** K: draws that one prediction averages. */
  samples: number;
  /** One for each output of the model. */
  outputs: readonly OutputObjective[];
}

/**
 * The loss of the K-sample averaged prediction (method.md §3), the sum over a model's outputs: a scalar, differentiable
 * in every σ and weight. Stateful recurrent layers begin from zero, as the examples go on from no batch of training, and
 * keep their states. All K draws of an example are in one pass: sample k of example b is row k · batch + b.
 */
export function regularizationLoss(objective: RegularizationObjective): tf.Tensor {
  const { model, batch, stream, samples, outputs } = objective;
  const inputs = batch.x.map((tensor) => tf.concat(new Array<tf.Tensor>(samples).fill(tensor)));
  return withNoise(stream, () => forward(model, inputs, 'zero'))
    .map((output, i) => {
      const shape = [samples, batch.x[0].shape[0], ...output.shape.slice(1)];
      const { loss, averaging, classWeights } = outputs[i];
      const average = averagePredictions(tfjs, tf.reshape(output, shape), averaging);
      const each = loss(batch.y[i], average);
      return tf.mean(classWeights ? tf.mul(each, weightsOf(batch.y[i], classWeights)) : each);
    })
    .reduce((sum, term) => tf.add(sum, term));
}

/** The weight of each example's class, [batch]: the target is one-hot, or the number of the class. */
function weightsOf(target: tf.Tensor, weights: readonly number[]): tf.Tensor {
  const classes = target.shape[target.rank - 1] > 1 ? tf.argMax(target, -1) : tf.reshape(target, [-1]);
  return tf.gather(tf.tensor1d(weights as number[]), tf.cast(classes, 'int32'));
}
