import {
  ArgumentError,
  deriveSeed,
  type OptimizerFactory,
  type RegularizationParameter,
  RegularizationStep,
  type Schedule,
} from '@crossreg/core';
import { seedStreams, show } from '@crossreg/core/internal';
import { tfjs } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';
import { leafLayers } from './chooseLayers';
import { type ClassWeights, classWeights } from './classWeights';
import { compiledWeights, lossFunctions, lossNames } from './compiled';
import { type Estimator, isDebiased } from './estimator';
import { type HookedNoise, hookNoise } from './hookNoise';
import { hookOf } from './hooks';
import { injectedBy } from './injected';
import { type InjectNoiseOptions, noiseLayers } from './injectNoise';
import { checkLayerInputs } from './layerInputs';
import { type LearnedNorms, learnNorms } from './learnedNorms';
import { isReducedToOne } from './lossKind';
import { followNoise } from './movingStatistics';
import { checkNormalizedAxis } from './normalizedAxis';
import type { Norm } from './norms';
import { type AveragingChoice, outputAveraging, rememberAveraging } from './outputAveraging';
import { type RandomLayer, randomLayers } from './randomLayers';
import {
  partUnseen,
  type RegularizationBatches,
  type RegularizationDataset,
  type RegularizationTensors,
  regularizationBatches,
} from './regularizationData';
import type { OutputObjective } from './regularizationObjective';

/** A compiled model with everything that its ρ steps need. */
export interface PreparedModel {
  model: LayersModel;
  /** As `compile` left them, so that a later `compile` is noticed. */
  losses: unknown;
  weights: readonly LayerVariable[];
  batches: RegularizationBatches;
  outputs: readonly OutputObjective[];
  step: RegularizationStep<tf.Tensor>;
  hook: HookedNoise | undefined;
  /** Whether this callback made the hook, and not an earlier one. */
  hooked: boolean;
  norms: LearnedNorms;
  random: readonly RandomLayer[];
  /** What is learned of them: not the σ of a layer that is not trainable. */
  drawn: readonly RegularizationParameter<tf.Tensor>[];
  /** Undoes what was changed in the model's layers. */
  restoreLayers(): void;
  /** Draws in a ρ step; 1 without noise, because all draws would be the same. */
  samples: number;
}

/** The options with which a callback prepares its model. */
export interface Preparation {
  /** The options of the noise to hook into a model without noise. */
  noise: InjectNoiseOptions | undefined;
  norms: readonly Norm[];
  /** For every ρ whose norm has none. Default: by kind, see {@link RegularizationStep}. */
  optimizer: OptimizerFactory | undefined;
  schedule: Schedule;
  batchSize: number;
  seed: number;
  averaging: AveragingChoice | undefined;
  estimator: Estimator | undefined;
  classWeight: ClassWeights | undefined;
  allowMissingClasses: boolean;
}

/**
 * Finds the regularization parameters of a model, or hooks noise and norms into it.
 *
 * @param model - what `compile` makes: of a sequential model, the functional one inside.
 * @param data - undefined for a part of training data that nobody has seen.
 * @throws ArgumentError for a model that is not compiled, has nothing to learn or does not fit the data.
 */
export async function prepareModel(
  model: LayersModel,
  data: RegularizationTensors | RegularizationDataset | undefined,
  preparation: Preparation,
): Promise<PreparedModel> {
  const { noise, norms: chosen, optimizer, schedule, batchSize, seed, allowMissingClasses } = preparation;
  const own = randomLayers(model);
  // Noise that another callback has hooked in is gone on with.
  const before = hookOf(model);
  const hooks = noise !== undefined && !before && noiseLayers(model).length === 0;
  const parameters = parametersOf(own);
  if (parameters.length === 0 && !hooks && chosen.length === 0) {
    const maker = injectedBy(model);
    throw new ArgumentError(
      'model',
      maker
        ? `${model.name} was given to ${maker}, which returned a new model. Compile and fit that one.`
        : own.length > 0
          ? `${model.name} has nothing to learn in ${own.map(({ name }) => show(name)).join(', ')}: trainable is false, or no range is given. Set trainable: true, or train it without this callback.`
          : `${model.name} has nothing to learn a regularization for. Make it with injectNoise(model) or injectAugmentation(model, …), set noise: true, or give regularizers.`,
    );
  }
  const weights = compiledWeights(model) ?? [];
  if (!lossFunctions(model))
    throw new ArgumentError('model', `${model.name} is not compiled. Call compile first.`);
  const trained = new Set(weights.map((weight) => weight.read()));
  const owned = parameters.find(({ variable }) => trained.has(variable));
  if (owned) {
    throw new ArgumentError(
      'model',
      `${owned.name}: θ's optimizer was compiled to train it, a regularization parameter. Compile again.`,
    );
  }
  if (!data) throw partUnseen();
  await checkNormalizedAxis(model);
  const outputs = await outputObjectives(model, preparation);
  const batches = await regularizationBatches(data, model, {
    ...{ batchSize, allowMissingClasses, seed: deriveSeed(seed, seedStreams.regularizationOrder) },
  });
  const inputs = batches.sample();
  try {
    await checkLayerInputs(model, own, inputs);
  } finally {
    tf.dispose(inputs);
  }
  const norms = await learnNorms(model, chosen, weights);
  const hook = hooks ? hookNoise(model, noise) : before;
  rememberAveraging(
    hook?.toModel() ?? model,
    outputs.map(({ averaging }) => averaging),
    preparation.averaging,
  );
  const random = hook && !before ? [...own, ...hook.layers] : own;
  const drawn = parametersOf(random);
  const step = new RegularizationStep({
    framework: tfjs,
    rho: [...drawn, ...norms.rho],
    ...{ schedule, optimizer },
  });
  return {
    ...{ model, losses: lossFunctions(model), weights, batches, outputs, step, hook, norms, random, drawn },
    hooked: hooks,
    restoreLayers: random.length > 0 ? followNoise(model) : () => {},
    samples: random.length > 0 ? schedule.samples : 1,
  };
}

const parametersOf = (layers: readonly RandomLayer[]) =>
  layers.flatMap((layer) => layer.regularizationParameters());

/**
 * The loss of every output, how its draws are averaged, whether its bias is subtracted, and the weights of its classes.
 *
 * @throws ArgumentError for an output without a loss, an averaging that cannot be right, and class weights of other classes.
 */
export async function outputObjectives(
  model: LayersModel,
  { averaging: choice, estimator, classWeight }: Pick<Preparation, 'averaging' | 'estimator' | 'classWeight'>,
): Promise<OutputObjective[]> {
  const losses = lossFunctions(model) ?? [];
  const averaging = await outputAveraging(model, choice);
  const weights = classWeights(classWeight, model);
  const names = lossNames(model);
  return model.outputNames.map((name, i) => {
    const loss = losses[i];
    if (loss) {
      const debiased = isDebiased(estimator, averaging[i], names[i]);
      if (
        debiased &&
        averaging[i] === 'probabilities' &&
        !names[i] &&
        isReducedToOne(loss, model.outputs[i].shape)
      ) {
        throw new ArgumentError(
          'estimator',
          `is "debiased", but the loss of the output ${show(name)} gives one number for a whole batch. Let it return one for each ` +
            'example, or leave out the estimator.',
        );
      }
      return { loss, averaging: averaging[i], debiased, classWeights: weights[i] };
    }
    throw new ArgumentError(
      'model',
      `was compiled without a loss for its output ${show(name)}. Give one for each output: loss: { ${show(name)}: … }.`,
    );
  });
}

/**
 * Adopts what `compile` has changed since a model was prepared.
 *
 * @param model - the same layers; of a sequential model, `compile` makes the functional one inside again.
 * @throws ArgumentError for another model, and where norms would hold other weights than before.
 */
export async function prepareAgain(
  run: PreparedModel,
  model: LayersModel,
  preparation: Pick<Preparation, 'averaging' | 'estimator' | 'classWeight'>,
): Promise<void> {
  const same = (a: readonly unknown[], b: readonly unknown[]) =>
    a.length === b.length && a.every((one, i) => one === b[i]);
  if (!same(leafLayers(run.model), leafLayers(model))) {
    throw new ArgumentError(
      'model',
      `${model.name} is not the model that this callback trains, ${run.model.name}. Make one callback for each model.`,
    );
  }
  const weights = compiledWeights(model) ?? [];
  if (run.norms.rho.length > 0 && !same(run.weights, weights)) {
    throw new ArgumentError(
      'model',
      `${model.name} was compiled to train ${weights.length} weights where it was ${run.weights.length}, but norms hold those of ` +
        'before. Make a new callback: its levels begin where the weights are now.',
    );
  }
  const variables = (parameters: PreparedModel['drawn']) => parameters.map(({ variable }) => variable);
  if (!same(variables(run.drawn), variables(parametersOf(run.random)))) {
    throw new ArgumentError(
      'model',
      `${model.name} was compiled after trainable of a noise or augmentation layer had changed. Make a new callback: it learns ` +
        'what is trainable now, from where it is.',
    );
  }
  const outputs = await outputObjectives(model, preparation);
  rememberAveraging(
    run.hook?.toModel() ?? model,
    outputs.map(({ averaging }) => averaging),
    preparation.averaging,
  );
  Object.assign(run, { model, weights, outputs, losses: lossFunctions(model) });
}
