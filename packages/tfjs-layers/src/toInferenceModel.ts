import { ArgumentError, type Averaging, deriveSeed } from '@crossreg/core';
import { checkInteger, checkOptions, checkSeed } from '@crossreg/core/internal';
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
import { Ensemble } from './ensemble';
import { GraphRebuild } from './graph';
import { hookOf } from './hooks';
import { noiseLayers } from './injectNoise';
import { LearnableNoise } from './learnableNoise';
import { withParts } from './nestedLayers';
import { checkNormalizedAxisNow } from './normalizedAxis';
import { type AveragingChoice, outputAveragingNow } from './outputAveraging';
import type { predict } from './predict';
import { randomLayers } from './randomLayers';

export interface InferenceModelOptions {
  /** How many draws are averaged. Default 8. */
  samples?: number;
  /** Seed of the draws. Default 0. */
  seed?: number;
  /** How draws are averaged, see {@link predict}. Default: as in training. Not for an ensemble, which knows it. */
  averaging?: AveragingChoice;
}

/**
 * A plain model of stock layers whose `predict` averages `samples` fixed noise draws. It is deterministic, saves and loads
 * anywhere, and runs where no package of this project is installed.
 *
 * Each draw is a path through the same (shared) weight layers. Its noise is a constant that a batch normalization adds. The
 * outputs of the paths are averaged as in `predict`: logits by way of their probabilities. A prediction costs `samples` passes,
 * and the file grows by the noise: 16 bytes per noisy activation and sample.
 *
 * For an ensemble it is the average of all members, each with `samples` draws; a member without noise has a single path.
 *
 * @throws ArgumentError if the model has no noise, another random layer or a layer that the backend computes wrongly, or if a
 *   noisy activation has no fixed shape.
 * @example
 * ```ts
 * const stock = toInferenceModel(injectNoise(model), { samples: 8, seed: 1 });
 * stock.predict(xTest);
 * ```
 */
export function toInferenceModel(
  given: LayersModel | Ensemble,
  options: InferenceModelOptions = {},
): LayersModel {
  checkOptions('toInferenceModel', options, { samples: 1, seed: 1, averaging: 1 });
  const { samples = 8, seed = 0, averaging: choice } = options;
  checkInteger('samples', samples, 1, 'Use 8.');
  checkSeed('seed', seed);
  if (given instanceof Ensemble) {
    if (choice !== undefined) {
      throw new ArgumentError(
        'averaging',
        'is given, but the ensemble determines it. Use new Ensemble(members, { averaging }).',
      );
    }
    return ensembleInference(given, { samples, seed });
  }
  const model = explicit(given);
  checkNormalizedAxisNow(model);
  if (noiseLayers(model).length === 0) {
    throw new ArgumentError(
      'model',
      `${model.name} has no learnable noise, so it is an inference model already. Use it directly, or add noise with injectNoise(model).`,
    );
  }
  const inputs = newInputs(model);
  const averaging = outputAveragingNow(model, choice);
  const outputs = inferenceOutputs(model, inputs, { samples, seed, averaging });
  return functional({ inputs, outputs, name: `${model.name}_inference` });
}

function ensembleInference(
  { members, averaging }: Ensemble,
  { samples, seed }: { samples: number; seed: number },
): LayersModel {
  const models = members.map(explicit);
  models.forEach(checkNormalizedAxisNow);
  const [first] = models;
  const inputs = newInputs(first);
  const all = models.map((model, m) =>
    inferenceOutputs(model, inputs, { samples, averaging, seed: deriveSeed(seed, m), suffix: `_of_${m}` }),
  );
  const outputs = namesOfOutputs(first).map((name, i) =>
    averageOutputs(
      all.map((each) => each[i]),
      averaging[i],
      `${name}_ensemble`,
    ),
  );
  return functional({ inputs, outputs, name: `${first.name}_inference` });
}

/** The network with its noise in layers. */
const explicit = (model: LayersModel) => hookOf(model)?.toModel() ?? model;

const newInputs = (model: LayersModel) =>
  model.inputs.map((x) => input({ batchShape: x.shape, dtype: x.dtype, name: x.name }));

/** Names of outputs that all differ: of a layer that makes two outputs, as in a siamese network, both have its name. */
const namesOfOutputs = ({ outputNames }: LayersModel) =>
  outputNames.map((name, i) => (outputNames.indexOf(name) < i ? `${name}_${i}` : name));

/**
 * The outputs of a model, averaged over draws of its noise; over a single path where it has none.
 *
 * @param suffix - of the names of all layers.
 */
function inferenceOutputs(
  model: LayersModel,
  inputs: SymbolicTensor[],
  {
    samples,
    seed,
    averaging,
    suffix = '',
  }: { samples: number; seed: number; averaging: readonly Averaging[]; suffix?: string },
): SymbolicTensor[] {
  checkDrawable(model);
  let draw = 0;
  const rebuild = new GraphRebuild(
    (layer, inputs, { copy, apply }) => {
      if (!(layer instanceof LearnableNoise)) return apply(copy(), inputs);
      draw += 1;
      const name = `${layer.name}_${draw}${suffix}`;
      return addConstant(layer, inputs as SymbolicTensor, deriveSeed(seed, draw), name);
    },
    true,
    suffix,
  );
  const length = noiseLayers(model).length > 0 ? samples : 1;
  const paths = rebuild.outputs(model, new Array<SymbolicTensor[]>(length).fill(inputs));
  return namesOfOutputs(model).map((name, i) =>
    averageOutputs(
      paths.map((path) => path[i]),
      averaging[i],
      `${name}_inference${suffix}`,
    ),
  );
}

/** @throws ArgumentError for a model with draws that no stock layer can make. */
function checkDrawable(model: LayersModel): void {
  const other = randomLayers(model).find((layer) => !(layer instanceof LearnableNoise));
  if (other) {
    throw new ArgumentError(
      'model',
      `${other.name} is a ${other.getClassName()}, whose random draws stock layers cannot reproduce. Convert the model without it.`,
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
      `${repeating.name} draws noise at every step of a sequence, but a fixed draw would be the same at each step. Put the ` +
        'noise after timeDistributed, as injectNoise does for a single layer.',
    );
  }
}

/** Adds σ · s_c · ε, drawn now, with layers that every TensorFlow.js has. */
function addConstant(noise: LearnableNoise, x: SymbolicTensor, seed: number, name: string): SymbolicTensor {
  const shape = x.shape.slice(1);
  if (shape.some((n) => n === null)) {
    throw new ArgumentError(
      'model',
      `the input of ${noise.name} has shape [${x.shape}], but fixed noise needs a fixed shape. Give the model's inputs a fixed shape.`,
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
