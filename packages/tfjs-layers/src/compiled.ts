import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';
import { compiledWeightsOf, type LossFunction, lossFunctionsOf, lossOf } from './internals';
import { compiledModel } from './modelState';

/** The losses of a compiled model, one for each output; undefined before `compile`. */
export const lossFunctions = (model: LayersModel): (LossFunction | undefined)[] | undefined =>
  lossFunctionsOf(compiledModel(model));

/** The weights that a model was compiled to train; undefined before `compile`. */
export const compiledWeights = (model: LayersModel): LayerVariable[] | undefined =>
  compiledWeightsOf(compiledModel(model));

/** The names of a compiled model's losses, one for each output: undefined for a function, and before `compile`. */
export function lossNames(model: LayersModel): (string | undefined)[] {
  const loss = lossOf(compiledModel(model));
  const named = (one: unknown) => (typeof one === 'string' ? one : undefined);
  return model.outputNames.map((name, i) => {
    if (Array.isArray(loss)) return named(loss[i]);
    return named(typeof loss === 'object' && loss !== null ? (loss as Record<string, unknown>)[name] : loss);
  });
}
