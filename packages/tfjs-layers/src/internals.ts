import { slotsOf } from '@crossreg/tfjs/internal';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, type LayerVariable, layers, type Sequential } from '@tensorflow/tfjs-layers';

/**
 * Everything that this package reads or writes of TensorFlow.js that its declarations keep private, or that they give
 * only to classes it does not export. `internals.test.ts` holds each function to these versions of
 * `@tensorflow/tfjs-layers`; another version needs a run of it first.
 */
export const heldVersions: readonly string[] = ['4.22.0'];

/** A loss as `compile` leaves it on a model: of a batch, one number for each example or for all. */
export type LossFunction = (target: tf.Tensor, prediction: tf.Tensor) => tf.Tensor;

/** An activation function of a layer. */
export interface LayerActivation extends tf.serialization.Serializable {
  apply(x: tf.Tensor): tf.Tensor;
}

/** An owner as one that has these fields: for those whose absence would otherwise go unnoticed. */
function having<T>(owner: object, ...fields: (keyof T & string)[]): T {
  for (const field of fields) {
    if (field in owner) continue;
    throw new Error(
      `${owner.constructor.name} of TensorFlow.js has no field ${field}, which @crossreg/tfjs-layers needs. ` +
        `Install @tensorflow/tfjs-layers ${heldVersions.join(' or ')}.`,
    );
  }
  return owner as T;
}

/** The functional model that a sequential model makes when it is compiled; undefined before. */
export const functionalModelOf = (model: Sequential): LayersModel | undefined =>
  (model as unknown as { model?: LayersModel | null }).model ?? undefined;

/** One for each output; undefined before `compile`. */
export const lossFunctionsOf = (model: LayersModel): (LossFunction | undefined)[] | undefined =>
  (model as { lossFunctions?: (LossFunction | undefined)[] }).lossFunctions;

/** As `compile` was given it: one for all outputs, a list, or by the name of the output; undefined before. */
export const lossOf = (model: LayersModel): unknown => (model as { loss?: unknown }).loss;

/** The weights that a model was compiled to train; undefined before `compile`. */
export const compiledWeightsOf = (model: LayersModel): LayerVariable[] | undefined =>
  (model as unknown as { collectedTrainableWeights?: LayerVariable[] }).collectedTrainableWeights;

/** Lets a weight read and write another variable. What it had is the caller's to dispose. */
export function replaceVariable(weight: LayerVariable, variable: tf.Variable): void {
  having<{ val: tf.Variable }>(weight, 'val').val = variable;
}

/** Sets what the next step of an optimizer goes by. */
export function setLearningRate(optimizer: tf.Optimizer, rate: number): void {
  type Adjustable = { learningRate: number; setLearningRate?(rate: number): void };
  const adjustable = having<Adjustable>(optimizer, 'learningRate');
  // SGD and momentum keep it in a tensor as well.
  if (adjustable.setLearningRate) adjustable.setLearningRate(rate);
  else adjustable.learningRate = rate;
}

const stockOptimizers: readonly (abstract new (...args: never[]) => tf.Optimizer)[] = [
  ...[tf.SGDOptimizer, tf.MomentumOptimizer, tf.AdagradOptimizer, tf.AdadeltaOptimizer],
  ...[tf.RMSPropOptimizer, tf.AdamOptimizer, tf.AdamaxOptimizer],
];

/** All variables that an optimizer of TensorFlow.js has made; undefined for one of another maker, whose are unknown. */
export function optimizerVariablesOf(optimizer: tf.Optimizer): tf.Variable[] | undefined {
  if (!stockOptimizers.some((stock) => optimizer.constructor === stock)) return undefined;
  return slotsOf(optimizer);
}

/** Sets how many steps an optimizer counts. */
export function setIterations(optimizer: tf.Optimizer, iterations: number): void {
  having<{ iterations_: number }>(optimizer, 'iterations_').iterations_ = iterations;
}

/** The activation function that a layer ends in, if it has one. */
export const activationOf = (layer: layers.Layer): LayerActivation | undefined =>
  (layer as layers.Layer & { activation?: LayerActivation | null }).activation ?? undefined;

/** Gives a layer another activation function. */
export function setActivation(layer: layers.Layer, activation: LayerActivation): void {
  having<{ activation: LayerActivation }>(layer, 'activation').activation = activation;
}

/** The layers inside a wrapper: what `timeDistributed` repeats; what `bidirectional` was given, and its two directions. */
export function wrappedLayers(wrapper: layers.Layer): layers.Layer[] {
  const { layer, forwardLayer, backwardLayer } = wrapper as unknown as Record<string, unknown>;
  return [layer, forwardLayer, backwardLayer].filter((part) => part instanceof layers.Layer);
}

/** The cells of a recurrent layer, or of several of them stacked into one. */
export function cellsOf(layer: layers.Layer): layers.Layer[] {
  const { cell, cells } = layer as layers.Layer & { cell?: layers.Layer; cells?: layers.Layer[] };
  return [...(cells ?? []), ...(cell ? [cell] : [])];
}

/** The axis that a layer, such as a batch normalization, treats apart; as it was given, so it may be negative. */
export const axisOf = (layer: layers.Layer): number | undefined =>
  (layer as layers.Layer & { axis?: number }).axis;

/** Where a layer, or the cell of a recurrent one, has the channels of images. */
export function dataFormatOf(layer: layers.Layer): string | undefined {
  const { dataFormat, cell } = layer as layers.Layer & {
    dataFormat?: string;
    cell?: { dataFormat?: string };
  };
  return dataFormat ?? cell?.dataFormat;
}

/** Whether an embedding marks zeros as padding. */
export const marksZeros = (layer: layers.Layer): boolean =>
  (layer as layers.Layer & { maskZero?: boolean }).maskZero === true;

/** Whether a recurrent layer gives its last step only. */
export const returnsLastStep = (layer: layers.Layer): boolean =>
  (layer as layers.Layer & { returnSequences?: boolean }).returnSequences === false;

/** γ of a batch normalization; undefined without `scale`. */
export const gammaOf = (normalization: layers.Layer): LayerVariable | undefined =>
  (normalization as layers.Layer & { gamma?: LayerVariable | null }).gamma ?? undefined;

/** The moving mean and variance of a batch normalization that is built. */
export function movingStatisticsOf(normalization: layers.Layer): LayerVariable[] {
  type Statistics = { movingMean: LayerVariable; movingVariance: LayerVariable };
  const { movingMean, movingVariance } = having<Statistics>(normalization, 'movingMean', 'movingVariance');
  return [movingMean, movingVariance];
}

/** How much a batch normalization keeps of its moving statistics at every training step. */
export const momentumOf = (normalization: layers.Layer): number =>
  having<{ momentum: number }>(normalization, 'momentum').momentum;

export function setMomentum(normalization: layers.Layer, momentum: number): void {
  having<{ momentum: number }>(normalization, 'momentum').momentum = momentum;
}

/** A recurrent layer that remembers its state from one batch to the next. */
export interface StatefulLayer extends layers.Layer {
  states_: tf.Tensor[];
  /** States of training passes, which the backward pass needs. */
  keptStates: (tf.Tensor | tf.Tensor[])[];
}

/** Whether a layer is one, and has its states already. */
export const isStateful = (layer: layers.Layer): layer is StatefulLayer =>
  layer.stateful && Array.isArray((layer as Partial<StatefulLayer>).states_);

/** What a layer has made of an entry of its configuration: an initializer, a regularizer, a constraint, an activation. */
export const partOf = (layer: layers.Layer, entry: string): unknown =>
  (layer as unknown as Record<string, unknown>)[entry];
