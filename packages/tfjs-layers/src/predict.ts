import { type MonteCarloOptions, monteCarloPredict, type Prediction } from '@crossreg/tfjs';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { randomLayers } from './randomLayers';

/** A forward pass in inference mode: noise on, everything else as `predict` has it. */
export function forward(model: LayersModel, inputs: Tensor[]): Tensor[] {
  const outputs = model.apply(inputs.length === 1 ? inputs[0] : inputs, { training: false }) as
    | Tensor
    | Tensor[];
  return Array.isArray(outputs) ? outputs : [outputs];
}

/**
 * The prediction of a model with learned noise or augmentation: the average over `samples` draws, with its variance. A model without
 * either is deterministic, so one pass does for it.
 *
 * @returns one {@link Prediction}, or a list for a model with several outputs; the arrays are the caller's.
 */
export function predict(model: LayersModel, x: Tensor, options?: MonteCarloOptions): Prediction;
export function predict(
  model: LayersModel,
  x: Tensor | Tensor[],
  options?: MonteCarloOptions,
): Prediction | Prediction[];
export function predict(
  model: LayersModel,
  x: Tensor | Tensor[],
  options: MonteCarloOptions = {},
): Prediction | Prediction[] {
  const samples = randomLayers(model).length > 0 ? options.samples : 1;
  const predictions = monteCarloPredict((batch) => forward(model, batch), Array.isArray(x) ? x : [x], {
    ...options,
    samples,
  });
  return predictions.length === 1 ? predictions[0] : predictions;
}
