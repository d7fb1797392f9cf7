import { ArgumentError } from '@crossreg/core';
import { checkInteger } from '@crossreg/core/internal';
import { type MonteCarloOptions, monteCarloPredict, type Prediction } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkInputs, checkModel } from './checkInputs';
import { type NamedTensors, type Tensors, tensorList, withLastAxis } from './examples';
import { checkNormalizedAxisNow } from './normalizedAxis';
import { type AveragingChoice, outputAveragingNow } from './outputAveraging';
import { randomLayers } from './randomLayers';
import { keepingStates } from './recurrentState';

/** A forward pass in inference mode, with the noise on. */
function pass(model: LayersModel, inputs: tf.Tensor[]): tf.Tensor[] {
  const outputs = model.apply(inputs.length === 1 ? inputs[0] : inputs, { training: false }) as
    | tf.Tensor
    | tf.Tensor[];
  return Array.isArray(outputs) ? outputs : [outputs];
}

/**
 * A forward pass in inference mode of any number of examples. A model that was built for batches of one size gets them batch by
 * batch. The states of recurrent layers are the same afterwards.
 *
 * @param states - where recurrent layers begin: at their present states, which then continue from batch to batch, or every batch
 *   at zero.
 * @throws ArgumentError if the examples do not fill whole batches.
 */
export function forward(model: LayersModel, inputs: tf.Tensor[], states: 'present' | 'zero'): tf.Tensor[] {
  const [size] = model.inputs[0].shape;
  const examples = inputs[0].shape[0];
  if (size === null || examples === size) return keepingStates(model, states, () => pass(model, inputs));
  checkBatches(model, examples, 'x');
  const batch = (at: number) =>
    pass(
      model,
      inputs.map((x) => tf.slice(x, at, size)),
    );
  const starts = Array.from({ length: examples / size }, (_, i) => i * size);
  const batches =
    states === 'zero'
      ? starts.map((at) => keepingStates(model, states, () => batch(at)))
      : keepingStates(model, states, () => starts.map(batch));
  return batches[0].map((_, i) => tf.concat(batches.map((outputs) => outputs[i])));
}

/**
 * @param name - the name of the argument, for the message.
 * @throws ArgumentError if the examples do not fill whole batches of the size that a model was built for.
 */
export function checkBatches(model: LayersModel, examples: number, name: string): void {
  const [size] = model.inputs[0].shape;
  if (size !== null && examples % size !== 0) {
    throw new ArgumentError(
      name,
      `has ${examples} examples, but the model was built for batches of ${size}. Give a multiple of ${size}.`,
    );
  }
}

const isColumn = (shape: readonly (number | null)[] = []) =>
  shape.length === 2 && (shape[1] === 1 || shape[1] === null);

export interface PredictOptions extends Omit<MonteCarloOptions, 'averaging'> {
  /** How draws become one prediction: one for all outputs, or by the name of the output. Default: as in training. */
  averaging?: AveragingChoice;
}

/**
 * The prediction of a model with learned noise or augmentation: the average over `samples` draws, with its variance. A model
 * without either is deterministic, so it runs once.
 *
 * The draws of each output are averaged as in training, see the option `averaging` of `crossRegularization`. For a model that
 * was never trained this way, the averaging is inferred from the last activations and the compiled loss. Without a loss, a
 * linear output is averaged directly.
 *
 * Every draw begins with the present states of stateful recurrent layers, and leaves them unchanged.
 *
 * @param x - as `model.predict` takes it, or by the names of the inputs.
 * @returns one {@link Prediction}, or a list for a model with several outputs; the arrays are the caller's.
 * @throws ArgumentError for plain arrays, an `averaging` that cannot be right, and a model that the backend computes wrongly.
 * @example
 * ```ts
 * const { mean, variance } = predict(injectNoise(model), xTest, { samples: 16 });
 * ```
 */
export function predict(model: LayersModel, x: tf.Tensor, options?: PredictOptions): Prediction;
export function predict(
  model: LayersModel,
  x: Tensors | NamedTensors,
  options?: PredictOptions,
): Prediction | Prediction[];
export function predict(
  model: LayersModel,
  x: Tensors | NamedTensors,
  options: PredictOptions = {},
): Prediction | Prediction[] {
  checkModel(model);
  checkInteger('samples', options.samples ?? 16, 1, 'Use 16 for a smooth average, 1 for a single draw.');
  const samples = randomLayers(model).length > 0 ? options.samples : 1;
  const given = tensorList(x, model.inputNames, 'x');
  checkNormalizedAxisNow(model);
  const predictions = tf.tidy(() => {
    // Plain objects are returned, in which `tidy` finds the tensors. A list of numbers is a column, as in `fit`.
    const inputs = given.map((one, i) => (isColumn(model.inputs[i]?.shape) ? withLastAxis(one) : one));
    checkInputs(model, inputs);
    // With batches of one size all of them are one draw, so that states go on from batch to batch.
    const batchSize =
      model.inputs[0].shape[0] === null ? options.batchSize : inputs[0]?.shape[0] || undefined;
    return monteCarloPredict((batch) => forward(model, batch, 'present'), inputs, {
      ...options,
      batchSize,
      samples,
      averaging: outputAveragingNow(model, options.averaging),
    }).map((prediction) => ({ ...prediction }));
  });
  return predictions.length === 1 ? predictions[0] : predictions;
}
