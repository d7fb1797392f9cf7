import { ArgumentError, deriveSeed, permutation } from '@crossreg/core';
import { checkInteger, checkOneOf, checkOptions, seedStreams, show } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { Callback, History, LayersModel, ModelFitArgs } from '@tensorflow/tfjs-layers';
import { type AnyCallback, callbackList } from './callbackList';
import { checkModel } from './checkInputs';
import { checkFit, type NamedTensors, type Tensors, tensorList } from './examples';
import { compiledModel } from './modelState';
import type { RegularizationBatch } from './regularizationData';
import { take, trainingBatches } from './trainingBatches';

/** The arguments of `model.fit`, checked and complete. */
export interface FitPlan {
  data: RegularizationBatch;
  /** The number of examples in the data, including held-out ones. */
  examples: number;
  batchSize: number;
  shuffle: boolean;
  args: ModelFitArgs;
}

/** All arguments of `fit`, also those that TensorFlow.js declares but does not implement. */
const fitArguments: Record<keyof ModelFitArgs, unknown> = {
  ...{ batchSize: 1, epochs: 1, verbose: 1, callbacks: 1, validationSplit: 1, validationData: 1, shuffle: 1 },
  ...{
    classWeight: 1,
    sampleWeight: 1,
    initialEpoch: 1,
    stepsPerEpoch: 1,
    validationSteps: 1,
    yieldEvery: 1,
  },
};

/**
 * @throws ArgumentError for arrays that do not fit the model, for arguments that `fit` does not have or TensorFlow.js lacks,
 *   and for values out of range.
 */
export function fitPlan(
  model: LayersModel,
  x: Tensors | NamedTensors,
  y: Tensors | NamedTensors,
  args: ModelFitArgs,
): FitPlan {
  checkModel(model);
  checkOptions('fit', args, fitArguments);
  const { batchSize = 32, shuffle = true, epochs = 1, initialEpoch = 0, validationSplit = 0 } = args;
  if (args.sampleWeight !== undefined || args.stepsPerEpoch !== undefined) {
    throw new ArgumentError(
      'args',
      'has sampleWeight or stepsPerEpoch, which fit of TensorFlow.js does not support. Leave it out.',
    );
  }
  if (args.validationSteps !== undefined) {
    throw new ArgumentError('args', 'has validationSteps, which applies to data sets only. Leave it out.');
  }
  checkInteger('args.batchSize', batchSize, 1, 'Use 32.');
  checkInteger('args.epochs', epochs, 1, 'Use 1, or more.');
  checkInteger('args.initialEpoch', initialEpoch, 0, 'Use 0 to begin with the first epoch.');
  checkOneOf('args.shuffle', shuffle, [true, false], 'Leave it out to shuffle.');
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw new ArgumentError(
      'args.validationSplit',
      `must be a number in [0, 1), but is ${show(validationSplit)}. Use 0.1 for a tenth of the examples.`,
    );
  }
  const data = {
    x: tensorList(x, model.inputNames, 'x'),
    y: tensorList(y, model.outputNames, 'y'),
  };
  checkFit(data, compiledModel(model), 'x, y');
  checkValidationData(model, args.validationData);
  return { data, examples: data.x[0].shape[0], batchSize, shuffle, args };
}

/**
 * Refuses validation data that would stop training at the end of the first epoch. The contents of a data set are not known yet.
 */
function checkValidationData(model: LayersModel, given: ModelFitArgs['validationData']): void {
  const name = 'args.validationData';
  if (given === undefined) return;
  if (!Array.isArray(given)) {
    if (typeof (given as { iterator?: unknown } | null)?.iterator === 'function') return;
    throw new ArgumentError(
      name,
      `must be [x, y] or a tf.data.Dataset, but is ${show(given)}. Leave it out for no validation.`,
    );
  }
  if (given.length !== 2) {
    throw new ArgumentError(
      name,
      `must be [x, y], but has ${given.length} entries. TensorFlow.js does not support sample weights.`,
    );
  }
  const [x, y] = given;
  const data = { x: tensorList(x, model.inputNames, name), y: tensorList(y, model.outputNames, name) };
  checkFit(data, compiledModel(model), name);
}

/**
 * `model.fit` in an order of the training data that follows from a seed and the number of the epoch. (`fit` of the model
 * shuffles with `Math.random`, which cannot be repeated.)
 */
export async function fitInOrder(
  model: LayersModel,
  { data, batchSize, shuffle, args }: FitPlan,
  options: {
    /** The examples to train on, by index. */
    examples: readonly number[];
    initialEpoch: number;
    /** Runs before the callbacks of `args`. */
    callback: Callback;
    seed: number;
    /** The number of the epoch that begins, counted over all calls. */
    epoch(): number;
  },
): Promise<History> {
  const { epochs = 1, validationSplit, validationData: given, classWeight } = args;
  let rest = options.examples;
  let validation: tf.Tensor[][] | undefined;
  if (!given && validationSplit) {
    // The last ones, as in `fit`.
    const at = Math.floor(rest.length * (1 - validationSplit));
    if (at === 0) {
      throw new ArgumentError(
        'args.validationSplit',
        `is ${validationSplit}, which leaves none of ${rest.length} examples to train on. Use a smaller share.`,
      );
    }
    validation = [take(data.x, rest.slice(at)), take(data.y, rest.slice(at))];
    rest = rest.slice(0, at);
  }
  const order = () => {
    if (!shuffle) return rest;
    return [
      ...permutation(rest.length, deriveSeed(options.seed, seedStreams.trainingOrder, options.epoch())),
    ].map((i) => rest[i]);
  };
  const others = callbackList((args.callbacks ?? []) as AnyCallback | AnyCallback[]);
  try {
    return await model.fitDataset(trainingBatches(data, { batchSize, order }) as never, {
      ...{ epochs, initialEpoch: options.initialEpoch, classWeight, yieldEvery: args.yieldEvery },
      verbose: args.verbose as 0 | 1,
      batchesPerEpoch: Math.ceil(rest.length / batchSize),
      validationData: (given ?? validation) as never,
      validationBatchSize: batchSize,
      callbacks: [options.callback, ...others] as never,
    });
  } finally {
    tf.dispose(validation ?? []);
  }
}
