import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';
import { compiledModel } from './modelState';

/** A loss as `compile` leaves it on a model: of a batch, one number for each example or for all. */
export type LossFunction = (target: tf.Tensor, prediction: tf.Tensor) => tf.Tensor;

/** What `compile` leaves on a model. Private there. */
interface Fields {
  loss?: string | unknown[] | Record<string, unknown> | LossFunction;
  lossFunctions?: (LossFunction | undefined)[];
  collectedTrainableWeights?: LayerVariable[];
}

/** The losses of a compiled model, one for each output; undefined before `compile`. */
export const lossFunctions = (model: LayersModel): (LossFunction | undefined)[] | undefined =>
  (compiledModel(model) as unknown as Fields).lossFunctions;

/** The weights that a model was compiled to train; undefined before `compile`. */
export const compiledWeights = (model: LayersModel): LayerVariable[] | undefined =>
  (compiledModel(model) as unknown as Fields).collectedTrainableWeights;

/** The names of a compiled model's losses, one for each output: undefined for a function, and before `compile`. */
export function lossNames(model: LayersModel): (string | undefined)[] {
  const { loss } = compiledModel(model) as unknown as Fields;
  const named = (one: unknown) => (typeof one === 'string' ? one : undefined);
  return model.outputNames.map((name, i) => {
    if (Array.isArray(loss)) return named(loss[i]);
    return named(typeof loss === 'object' ? loss?.[name] : loss);
  });
}
