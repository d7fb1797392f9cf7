import { ArgumentError, checkInteger, deriveSeed, permutation, seedStreams } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Callback, History, LayersModel, ModelFitArgs } from '@tensorflow/tfjs-layers';
import { type AnyCallback, callbackList } from './callbackList';
import { checkFit, type NamedTensors, type Tensors, tensorList } from './examples';
import { compiledModel } from './modelState';
import type { RegularizationBatch } from './regularizationData';
import { take, trainingBatches } from './trainingBatches';

/** What `model.fit` is told of its data, checked and complete. */
export interface FitPlan {
  data: RegularizationBatch;
  /** Examples in the data, those that are held out included. */
  examples: number;
  batchSize: number;
  shuffle: boolean;
  args: ModelFitArgs;
}

/**
 * @throws ArgumentError for arrays that do not fit the model, and for arguments of `fit` that TensorFlow.js lacks.
 */
export function fitPlan(
  model: LayersModel,
  x: Tensors | NamedTensors,
  y: Tensors | NamedTensors,
  args: ModelFitArgs,
): FitPlan {
  const { batchSize = 32, shuffle = true, epochs = 1 } = args;
  if (args.sampleWeight !== undefined || args.stepsPerEpoch !== undefined) {
    throw new ArgumentError('args', 'has sampleWeight or stepsPerEpoch, which fit of TensorFlow.js lacks.');
  }
  checkInteger('args.batchSize', batchSize, 1, 'Use 32.');
  checkInteger('args.epochs', epochs, 1, 'Use 1, or more.');
  const data = {
    x: tensorList(x, model.inputNames, 'x'),
    y: tensorList(y, model.outputNames, 'y'),
  };
  checkFit(data, compiledModel(model), 'x, y');
  return { data, examples: data.x[0].shape[0], batchSize, shuffle, args };
}

/**
 * `model.fit` in an order of the training data that follows from a seed and the number of the epoch: `fit` of the model
 * shuffles with `Math.random`, which nothing can repeat.
 */
export async function fitInOrder(
  model: LayersModel,
  { data, batchSize, shuffle, args }: FitPlan,
  options: {
    /** The examples to train on, by index. */
    examples: readonly number[];
    initialEpoch: number;
    /** Before the callbacks of `args`. */
    callback: Callback;
    seed: number;
    /** The number of the epoch that begins, counted over all calls. */
    round(): number;
  },
): Promise<History> {
  const { epochs = 1, validationSplit, validationData: given, classWeight } = args;
  let rest = options.examples;
  let validation: tf.Tensor[][] | undefined;
  if (!given && validationSplit) {
    // The last ones, as `fit` has it.
    const at = Math.floor(rest.length * (1 - validationSplit));
    validation = [take(data.x, rest.slice(at)), take(data.y, rest.slice(at))];
    rest = rest.slice(0, at);
  }
  const order = () => {
    if (!shuffle) return rest;
    return [
      ...permutation(rest.length, deriveSeed(options.seed, seedStreams.trainingOrder, options.round())),
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
