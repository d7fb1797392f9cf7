import { type Averaging, averagePredictions } from '@crossreg/core';
import { type NoiseStream, tfjs, withNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { forward } from './predict';
import type { RegularizationBatch } from './regularizationData';

/** A loss as `compile` leaves it on a model: of a batch, one number for each example or for all. */
export type LossFunction = (target: tf.Tensor, prediction: tf.Tensor) => tf.Tensor;

/** What a regularization loss is computed from, see {@link regularizationLoss}. */
export interface RegularizationObjective {
  model: LayersModel;
  batch: RegularizationBatch;
  /** The noise of the forward pass. */
  stream: NoiseStream;
  /** K: draws that one prediction averages. */
  samples: number;
  /** One for each output of the model. */
  losses: readonly LossFunction[];
  averaging: Averaging;
}

/**
 * The loss of the K-sample averaged prediction (method.md §3), the sum over a model's outputs: a scalar, differentiable
 * in every σ and weight. Stateful recurrent layers begin from zero, as the examples go on from no batch of training, and
 * keep their states. All K draws of an example are in one pass: sample k of example b is row k · batch + b.
 */
export function regularizationLoss(objective: RegularizationObjective): tf.Tensor {
  const { model, batch, stream, samples, losses, averaging } = objective;
  const inputs = batch.x.map((tensor) => tf.concat(new Array<tf.Tensor>(samples).fill(tensor)));
  return withNoise(stream, () => forward(model, inputs, 'zero'))
    .map((output, i) => {
      const shape = [samples, batch.x[0].shape[0], ...output.shape.slice(1)];
      const average = averagePredictions(tfjs, tf.reshape(output, shape), averaging);
      return tf.mean(losses[i](batch.y[i], average));
    })
    .reduce((sum, term) => tf.add(sum, term));
}
