import { ArgumentError, checkInteger, checkOptions, deriveSeed } from '@crossreg/core';
import { deriveKey } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import {
  model as functional,
  input,
  type LayersModel,
  layers,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import { averageOutputs } from './averageOutputs';
import { GraphRebuild } from './graph';
import { hookOf } from './hooks';
import { noiseLayers } from './injectNoise';
import { LearnableNoise } from './learnableNoise';
import { withParts } from './nestedLayers';
import { type AveragingChoice, outputAveragingNow } from './outputAveraging';
import type { predict } from './predict';
import { randomLayers } from './randomLayers';

/**
 * A plain model of stock layers whose `predict` is the average over `samples` noise draws made once and for all: it
 * is deterministic, saves and loads anywhere, and runs where no package of this project is installed.
 *
 * Each draw is a path through the same (shared) weight layers, with the noise as a constant that a batch
 * normalization adds; the outputs of the paths are averaged as `predict` does: logits by way of their probabilities. The cost of a prediction is that of `samples` passes, and
 * the file grows by the noise: 16 bytes for every noisy activation and sample.
 *
 * @throws ArgumentError if the model has no noise or another random layer, or a noisy activation no fixed shape.
 */
export function freeze(
  given: LayersModel,
  options: {
    /** Draws to average. Default 8. */
    samples?: number;
    /** Of the draws. Default 0. */
    seed?: number;
    /** How draws become one prediction, see {@link predict}. Default: as in training. */
    averaging?: AveragingChoice;
  } = {},
): LayersModel {
  checkOptions('freeze', options, { samples: 1, seed: 1, averaging: 1 });
  const { samples = 8, seed = 0, averaging: choice } = options;
  const model = hookOf(given)?.toModel() ?? given;
  checkInteger('samples', samples, 1, 'Use 8.');
  if (noiseLayers(model).length === 0) {
    throw new ArgumentError('model', `${model.name} has no learnable noise, so there is nothing to freeze.`);
  }
  const other = randomLayers(model).find((layer) => !(layer instanceof LearnableNoise));
  if (other) {
    throw new ArgumentError(
      'model',
      `${other.name} is a ${other.getClassName()}, whose draws no stock layer can make. Freeze the model without it.`,
    );
  }
  const repeating = withParts(model).find(
    (layer) =>
      layer.getClassName() === 'TimeDistributed' &&
      withParts(layer).some((part) => part instanceof LearnableNoise),
  );
  if (repeating) {
    throw new ArgumentError(
      'model',
      `${repeating.name} repeats noise at every step of a sequence, where a frozen draw would be the same at each. Put the ` +
        'noise after timeDistributed, as injectNoise does for a single layer.',
    );
  }
  let draw = 0;
  const rebuild = new GraphRebuild((layer, inputs, { copy, apply }) => {
    if (!(layer instanceof LearnableNoise)) return apply(copy(), inputs);
    draw += 1;
    return addConstant(layer, inputs as SymbolicTensor, deriveSeed(seed, draw), `${layer.name}_${draw}`);
  }, true);
  const inputs = model.inputs.map((x) => input({ batchShape: x.shape, dtype: x.dtype, name: x.name }));
  const paths = Array.from({ length: samples }, () => rebuild.outputs(model, inputs));
  const averaging = outputAveragingNow(model, choice);
  const outputs = model.outputs.map((_, i) =>
    averageOutputs(
      paths.map((path) => path[i]),
      averaging[i],
      `${model.outputNames[i]}_frozen`,
    ),
  );
  return functional({ inputs, outputs, name: `${model.name}_frozen` });
}

/** Adds σ · s_c · ε, drawn now, with layers that every TensorFlow.js has. */
function addConstant(noise: LearnableNoise, x: SymbolicTensor, seed: number, name: string): SymbolicTensor {
  const shape = x.shape.slice(1);
  if (shape.some((n) => n === null)) {
    throw new ArgumentError(
      'model',
      `the input of ${noise.name} has shape [${x.shape}]: fixed noise needs a fixed shape. Give the model's inputs one.`,
    );
  }
  const fixed = shape as number[];
  const size = tf.util.sizeFromShape(fixed);
  const epsilon = 1e-3;
  const normalization = layers.batchNormalization({ name, epsilon, trainable: false });
  const flat = layers.reshape({ targetShape: [size], name: `${name}_flat` }).apply(x) as SymbolicTensor;
  const sum = normalization.apply(flat) as SymbolicTensor;
  tf.tidy(() => {
    const ones = tf.ones([size]);
    const constant = noise.sample(fixed, deriveKey(seed));
    normalization.setWeights([ones, tf.reshape(constant, [size]), tf.zeros([size]), tf.sub(ones, epsilon)]);
  });
  return layers.reshape({ targetShape: fixed, name: `${name}_shape` }).apply(sum) as SymbolicTensor;
}
