import {
  ArgumentError,
  createSchedule,
  type LearningRate,
  type OptimizerFactory,
  rhoOptimizer,
  type Schedule,
} from '@crossreg/core';
import {
  checkAveraging,
  checkInteger,
  checkOneOf,
  checkOptions,
  checkSeed,
  show,
} from '@crossreg/core/internal';
import type { CheckpointStore } from './checkpointStore';
import type { ClassWeights } from './classWeights';
import { checkEstimator, type Estimator } from './estimator';
import { checkNoise, type InjectNoiseOptions } from './injectNoise';
import { checkOneOptimizer, type Norm } from './norms';
import type { AveragingChoice } from './outputAveraging';
import { checkRegularizationData, type RegularizationData } from './regularizationData';

export interface CrossRegularizationOptions extends Partial<Schedule> {
  /** The held-out set that ρ learns from, see {@link RegularizationData}. */
  regularizationData: RegularizationData;
  /**
   * For a compiled model without noise: hooks learnable noise into it when training begins, at the places and with the options
   * of `injectNoise`. {@link CrossRegularization.toModel} then returns the model with explicit noise layers.
   */
  noise?: boolean | InjectNoiseOptions;
  /**
   * Norms of the model's weights whose levels are learned, such as `l2()` and `l1({ layers: /dense/ })`. The model needs no
   * change. They work with and without noise.
   */
  regularizers?: readonly Norm[];
  /** Examples in a ρ step, each with `samples` noise draws. Default 32. Not for a data set, which has its batches. */
  batchSize?: number;
  /**
   * A fixed learning rate of ρ's optimizer, Adam, in log σ and log ρ. Default: for σ the pace of core's `noiseOptimizer`, which
   * suits runs of any length; 0.02 for everything else.
   */
  learningRate?: LearningRate;
  /** Replaces the optimizer of ρ. */
  optimizer?: OptimizerFactory;
  /**
   * How the regularization loss is estimated from K draws, see {@link Estimator}. Default: `'debiased'` for outputs whose loss is
   * known to be a cross-entropy, a stock one or one of logits; `'average'` for all others.
   */
  estimator?: Estimator;
  /**
   * How sampled outputs are averaged: one answer for all outputs, or by the name of the output. Default: inferred from the last
   * activation and the loss, see {@link CrossRegularization.averaging}.
   */
  averaging?: AveragingChoice;
  /**
   * Weights of the classes in the regularization loss, like those of `fit`, which a callback does not see. `cross.fit` takes
   * them from its arguments.
   */
  classWeight?: ClassWeights;
  /** Accepts a regularization set in which a class is missing. Default false: it is refused. */
  allowMissingClasses?: boolean;
  /**
   * Seed of the noise in training and in ρ steps, of the order of the regularization set and, in `cross.fit`, of the order of
   * the training data. The same seed gives the same numbers, to the last bit on the same backend, in any process. It does not
   * cover what TensorFlow.js draws from `Math.random`: the shuffling of `model.fit`, and initializers, stock dropout and noise
   * layers without a seed. Default 0.
   */
  seed?: number;
  /**
   * A folder (in Node) or a store, in which the run is kept at the end of every epoch. A program that was killed and is started
   * again continues there, to the identical result. {@link CrossRegularization.fit} does so automatically; other loops start at
   * the result of {@link CrossRegularization.restore}. The checkpoint stays after training, so the same program, started once
   * more, has its trained model at once. Delete it to train from the beginning.
   */
  checkpoint?: string | CheckpointStore;
}

/** Of {@link crossRegularization}. */
export const optionNames: Record<keyof CrossRegularizationOptions, unknown> = {
  ...{ regularizationData: 1, noise: 1, regularizers: 1, batchSize: 1, learningRate: 1, optimizer: 1 },
  ...{ averaging: 1, seed: 1, checkpoint: 1, every: 1, samples: 1, warmUp: 1 },
  ...{ estimator: 1, classWeight: 1, allowMissingClasses: 1 },
};

/** Checked options, with the defaults in place of what is left out. */
export interface CompleteOptions {
  data: RegularizationData;
  schedule: Schedule;
  batchSize: number;
  seed: number;
  noise: InjectNoiseOptions | undefined;
  norms: readonly Norm[];
  averaging: AveragingChoice | undefined;
  classWeight: ClassWeights | undefined;
  allowMissingClasses: boolean;
  optimizer: OptimizerFactory | undefined;
  estimator: Estimator | undefined;
}

/** @throws ArgumentError for options out of range. */
export function completeOptions(options: CrossRegularizationOptions): CompleteOptions {
  checkOptions('crossRegularization', options, optionNames);
  // First, because it is the only required option.
  const data = checkRegularizationData(options?.regularizationData);
  const { batchSize = 32, seed = 0, averaging, classWeight, allowMissingClasses = false } = options;
  const { every, samples, warmUp, learningRate, optimizer, regularizers: norms = [] } = options;
  const schedule = createSchedule(
    Object.fromEntries(Object.entries({ every, samples, warmUp }).filter(([, v]) => v !== undefined)),
  );
  checkInteger('batchSize', batchSize, 1, 'Use 32.');
  checkSeed('seed', seed);
  const noise = noiseOptions(options.noise);
  if (!Array.isArray(norms) || norms.some((one) => !one?.regularizer?.retract || !one.options)) {
    throw new ArgumentError(
      'regularizers',
      `must be a list of norms such as [l2(), l1({ layers: /dense/ })], but is ${show(norms)}. Write [ ] around one.`,
    );
  }
  for (const one of averaging && typeof averaging === 'object' ? Object.values(averaging) : [averaging]) {
    if (one !== undefined) checkAveraging('averaging', one);
  }
  if (classWeight !== undefined && (typeof classWeight !== 'object' || classWeight === null)) {
    throw new ArgumentError(
      'classWeight',
      `must be { class: weight } as fit takes it, but is ${show(classWeight)}. Give a number for every class, { 0: 1, 1: 5 }.`,
    );
  }
  checkOneOf('allowMissingClasses', allowMissingClasses, [true, false], 'Leave it out to refuse them.');
  checkOneOptimizer({ learningRate, optimizer });
  return {
    ...{ data, schedule, batchSize, seed, noise, norms, averaging, classWeight, allowMissingClasses },
    optimizer: optimizer ?? (learningRate === undefined ? undefined : rhoOptimizer(learningRate)),
    estimator: checkEstimator(options.estimator),
  };
}

/** The options of hooked noise; undefined for none. */
function noiseOptions(noise: CrossRegularizationOptions['noise']): InjectNoiseOptions | undefined {
  if (noise === undefined || typeof noise === 'boolean') return noise ? {} : undefined;
  if (typeof noise !== 'object' || noise === null) {
    throw new ArgumentError(
      'noise',
      `must be true, false or options of injectNoise, but is ${show(noise)}. Use true for the defaults.`,
    );
  }
  checkNoise('noise', noise);
  return noise;
}
