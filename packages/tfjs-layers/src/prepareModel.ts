import { ArgumentError, deriveSeed, type OptimizerFactory, RegularizationStep } from '@crossreg/core';
import { tfjs } from '@crossreg/tfjs';
import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';
import { type HookedNoise, hookNoise } from './hookNoise';
import { injectedBy } from './injected';
import { type InjectNoiseOptions, noiseLayers } from './injectNoise';
import { type LearnedNorms, learnNorms } from './learnedNorms';
import type { Norm } from './norms';
import { randomLayers } from './randomLayers';
import {
  type RegularizationBatches,
  type RegularizationDataset,
  type RegularizationTensors,
  regularizationBatches,
} from './regularizationData';
import type { LossFunction } from './regularizationObjective';

/** What `compile` leaves on a model. Private there. */
interface Compiled {
  lossFunctions?: LossFunction[];
  collectedTrainableWeights?: LayerVariable[];
}

/** A compiled model with all that its ρ steps need. */
export interface PreparedModel {
  model: LayersModel;
  batches: RegularizationBatches;
  losses: readonly LossFunction[];
  step: RegularizationStep<tf.Tensor>;
  hook: HookedNoise | undefined;
  norms: LearnedNorms;
  /** Draws in a ρ step. Without noise all are the same one. */
  samples: number;
}

/** What a callback wants of its model. */
export interface Preparation {
  /** Hooked into a model without noise. */
  noise: InjectNoiseOptions | undefined;
  norms: readonly Norm[];
  optimizer: OptimizerFactory;
  samples: number;
  batchSize: number;
  seed: number;
}

/**
 * Finds what a model has to learn a regularization for, or hooks noise and norms into it.
 *
 * @param model - what `compile` makes: of a sequential model, the functional one inside.
 * @param data - undefined for `{ split }` of training data that nobody has seen.
 * @throws ArgumentError for a model that is not compiled, has nothing to learn or does not fit the data.
 */
export async function prepareModel(
  model: LayersModel,
  data: RegularizationTensors | RegularizationDataset | undefined,
  { noise, norms: chosen, optimizer, samples, batchSize, seed }: Preparation,
): Promise<PreparedModel> {
  const own = randomLayers(model);
  const hooks = noise !== undefined && noiseLayers(model).length === 0;
  if (own.length === 0 && !hooks && chosen.length === 0) {
    const maker = injectedBy(model);
    throw new ArgumentError(
      'model',
      maker
        ? `${model.name} was given to ${maker}, which returned a new model. Compile and fit that one.`
        : `${model.name} has nothing to learn a regularization for. Make it with injectNoise(model) or injectAugmentation(model, …), set noise: true, or give regularizers.`,
    );
  }
  const { lossFunctions, collectedTrainableWeights } = model as unknown as Compiled;
  if (!lossFunctions) throw new ArgumentError('model', `${model.name} is not compiled. Call compile first.`);
  const trained = new Set(collectedTrainableWeights?.map((weight) => weight.read()));
  const owned = own
    .flatMap((layer) => layer.regularizationParameters())
    .find(({ variable }) => trained.has(variable));
  if (owned) {
    throw new ArgumentError(
      'model',
      `${owned.name}: θ's optimizer was compiled to train it, a regularization parameter. Compile again.`,
    );
  }
  if (!data) {
    throw new ArgumentError(
      'regularizationData',
      'is { split }, but a callback does not see the training data. Call cross.fit(model, x, y, args) instead of ' +
        'model.fit, or hold out tensors yourself.',
    );
  }
  const batches = await regularizationBatches(data, model, { batchSize, seed: deriveSeed(seed, 2) });
  const norms = await learnNorms(model, chosen, collectedTrainableWeights ?? []);
  const hook = hooks ? hookNoise(model, noise) : undefined;
  const random = [...own, ...(hook?.layers ?? [])];
  const drawn = random.flatMap((layer) => layer.regularizationParameters());
  const step = new RegularizationStep({
    framework: tfjs,
    rho: [...drawn, ...norms.rho],
    optimizer: { for: (rho) => norms.optimizerOf(rho) ?? optimizer },
  });
  return {
    model,
    batches,
    losses: lossFunctions,
    step,
    hook,
    norms,
    samples: random.length > 0 ? samples : 1,
  };
}
