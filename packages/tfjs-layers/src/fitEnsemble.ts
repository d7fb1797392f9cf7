import { ArgumentError, deriveSeed } from '@crossreg/core';
import { checkInteger, checkOptions, seedStreams, show } from '@crossreg/core/internal';
import { CustomCallback, LayersModel, type Logs, type ModelFitArgs } from '@tensorflow/tfjs-layers';
import { type AnyCallback, callbackList } from './callbackList';
import { adviceOn } from './checkInputs';
import { type CheckpointStore, storeOf } from './checkpointStore';
import { CrossRegularization } from './crossRegularization';
import { type CrossRegularizationOptions, optionNames } from './crossRegularizationOptions';
import { checkAlike, Ensemble } from './ensemble';
import type { NamedTensors, Tensors } from './examples';
import { fitPlan } from './fitInOrder';
import { heldOutExamples } from './holdOut';
import { compiledModel } from './modelState';
import { withParts } from './nestedLayers';
import { isPart, type RegularizationData, type RegularizationFold } from './regularizationData';

/** All K folds. Member k holds out fold k, so every example trains ρ of one member and θ of K − 1. */
export type RegularizationFolds = Omit<RegularizationFold, 'fold' | 'seed'>;

/** What `createModel` is told about a member. */
export interface MemberInfo {
  /** Its number, from 0; with folds, the fold that it holds out. */
  member: number;
  /** A seed for its initializers, so that members start at different weights, and at the same ones when training is resumed. */
  seed: number;
}

export interface EnsembleProgress {
  /** The number of the member in training, from 0. */
  member: number;
  members: number;
  /** Completed epochs of this member. */
  epoch: number;
  epochs: number;
  /** The logs of the epoch, as callbacks get them: loss, metrics, `regularization_loss`, every σ. */
  logs: Logs;
}

export interface FitEnsembleOptions
  extends Omit<CrossRegularizationOptions, 'regularizationData' | 'checkpoint'> {
  /**
   * The data from which ρ learns. `{ folds: 5 }` gives each of five members another fifth of the training
   * data. Any value that `crossRegularization` accepts is shared by all `members`, except that `{ split }` is drawn for each.
   */
  regularizationData: RegularizationFolds | RegularizationData;
  /** The number of members. Required without folds; with folds it is the number of folds. */
  members?: number;
  /** Arguments of `fit` for each member: epochs, batchSize, callbacks, … */
  fit?: ModelFitArgs;
  /**
   * A folder (in Node), with a subfolder for each member (`member-0` and so on), or a function that returns a store for each.
   * Each is written at the end of every epoch. A program that was killed and is started again continues there, to the identical
   * result.
   */
  checkpoint?: string | ((member: number) => CheckpointStore);
  /** Called at the end of every epoch. */
  onProgress?(progress: EnsembleProgress): void;
}

/**
 * Trains an ensemble of cross-regularized models, one after the other. With few examples, use folds: a single model loses its
 * held-out examples for training, while five models on five folds together lose none.
 *
 * @param createModel - makes and compiles a new model that shares no layer and no optimizer with another. The ensemble owns it.
 *   For reproducible numbers, give its initializers seeds that follow from `seed`.
 * @param x - inputs, as `fit` takes them; they stay the caller's, and so do `y`.
 * @param y - targets.
 * @returns the trained members with explicit noise layers.
 * @throws ArgumentError before the first step for options out of range, arrays that do not fit the models, and a fold or split
 *   that leaves a class out. If a member fails later, all are freed.
 * @example
 * const ensemble = await fitEnsemble(createModel, xTrain, yTrain, {
 *   regularizationData: { folds: 5 },
 *   noise: true,
 *   fit: { epochs: 2, batchSize: 32 },
 *   checkpoint: 'runs/clothes',
 * });
 * const { mean, between, within } = ensemble.predict(xTest, { samples: 16 });
 */
export async function fitEnsemble(
  createModel: (info: MemberInfo) => LayersModel | Promise<LayersModel>,
  x: Tensors | NamedTensors,
  y: Tensors | NamedTensors,
  options: FitEnsembleOptions,
): Promise<Ensemble> {
  if (typeof createModel !== 'function') {
    throw new ArgumentError(
      'createModel',
      `must be a function that makes a compiled model, but is ${show(createModel)}. Each member needs a new one.`,
    );
  }
  checkOptions('fitEnsemble', options, { ...optionNames, members: 1, fit: 1, onProgress: 1 });
  const { regularizationData, members: count, fit = {}, checkpoint, onProgress, ...others } = options;
  const { seed = 0 } = others;
  const size = membersOf(regularizationData, count);
  const stores = storesOf(checkpoint, size);
  const all = Array.from({ length: size }, (_, member) => {
    const own = deriveSeed(seed, seedStreams.ensembleMember, member);
    const data = dataOf(regularizationData, member, seed);
    const cross = new CrossRegularization({
      ...{ ...others, seed: own, regularizationData: data },
      ...(stores && { checkpoint: stores[member] }),
    });
    return { seed: own, data, cross };
  });
  const models: LayersModel[] = [];
  let finished = 0;
  try {
    for (const [member, { seed, data }] of all.entries()) {
      const model = await createModel({ member, seed });
      checkNew(model, models);
      models.push(model);
      const plan = fitPlan(model, x, y, fit);
      if (isPart(data)) await heldOutExamples(plan.data, { data, seed, model });
    }
    for (const [member, { cross }] of all.entries()) {
      const progress = new CustomCallback({
        onEpochEnd: async (epoch, logs = {}) => {
          onProgress?.({ member, members: size, epoch: epoch + 1, epochs: fit.epochs ?? 1, logs });
        },
      });
      const callbacks = callbackList([fit.callbacks ?? []].flat() as AnyCallback[], progress as AnyCallback);
      await cross.fit(models[member], x, y, { ...fit, callbacks: callbacks as never });
      models[member] = trainedModel(models[member], cross);
      finished += 1;
    }
    return new Ensemble(models);
  } catch (error) {
    for (const [member, model] of models.entries()) {
      (member < finished ? model : trainedModel(model, all[member].cross)).dispose();
    }
    throw error;
  }
}

/** The trained model with explicit noise layers. Everything else is freed: the model with hooked noise and the optimizers. */
function trainedModel(model: LayersModel, cross: CrossRegularization): LayersModel {
  const inner = compiledModel(model);
  const { optimizer } = inner;
  const isPrepared = Object.keys(cross.averaging).length > 0;
  const result = isPrepared ? cross.toModel() : inner;
  cross.dispose();
  if (result !== inner) model.dispose();
  optimizer.dispose();
  // Of a sequential model callbacks see the one inside.
  return result === inner ? model : result;
}

const name = 'regularizationData';

/** Whether each member has its own fold. */
const isFolds = (data: unknown): data is RegularizationFolds =>
  typeof data === 'object' && data !== null && 'folds' in data && !('fold' in data);

/** @throws ArgumentError for a number of members that is missing, too small, or different from the number of folds. */
function membersOf(data: unknown, count: number | undefined): number {
  if (!isFolds(data)) {
    if (count !== undefined) return checkInteger('members', count, 2, 'Use 5.');
    throw new ArgumentError(
      'members',
      'is missing. Give the number of members, such as 5, or regularizationData: { folds: 5 }.',
    );
  }
  const { folds } = data;
  checkInteger(`${name}.folds`, folds, 2, 'Use 5.');
  if (count === undefined || count === folds) return folds;
  throw new ArgumentError(
    'members',
    `is ${show(count)}, but there are ${folds} folds, one for each member. Leave it out.`,
  );
}

function dataOf(data: RegularizationFolds | RegularizationData, member: number, seed: number) {
  if (isFolds(data)) return { ...data, fold: member, seed };
  // One fold for all members is the same one for all.
  return data && typeof data === 'object' && 'folds' in data ? { seed, ...data } : data;
}

function storesOf(
  checkpoint: FitEnsembleOptions['checkpoint'],
  members: number,
): CheckpointStore[] | undefined {
  if (checkpoint === undefined) return undefined;
  if (typeof checkpoint !== 'string' && typeof checkpoint !== 'function') {
    throw new ArgumentError(
      'checkpoint',
      `must be the name of a folder or a function (member) => store, but is ${show(checkpoint)}. Each member needs a separate store.`,
    );
  }
  const stores = Array.from({ length: members }, (_, m) =>
    storeOf(typeof checkpoint === 'function' ? checkpoint(m) : checkpoint && `${checkpoint}/member-${m}`),
  );
  if (new Set(stores).size === members) return stores;
  throw new ArgumentError(
    'checkpoint',
    'gives two members the same store. Give each a different one: (member) => indexedDBStore("run-" + member).',
  );
}

/**
 * @throws ArgumentError for anything but a compiled model, and for one that shares weights or an optimizer with an earlier one.
 */
function checkNew(model: LayersModel, before: readonly LayersModel[]): void {
  const refuse = (message: string) => {
    throw new ArgumentError('createModel', message);
  };
  if (!(model instanceof LayersModel)) {
    refuse(`must return a tf.LayersModel, but returned ${show(model)}. ${adviceOn(model)}`);
  }
  const m = before.length;
  const { optimizer } = compiledModel(model);
  if (!optimizer) refuse(`returned ${model.name} for member ${m} without compiling it. Call compile first.`);
  const layersOf = (one: LayersModel) =>
    withParts(one).filter((layer) => layer.getClassName() !== 'InputLayer');
  for (const [other, earlier] of before.entries()) {
    const known = new Set(layersOf(earlier));
    const shared = layersOf(model).find((layer) => known.has(layer));
    if (shared) {
      refuse(
        `gave member ${m} the ${shared instanceof LayersModel ? 'model' : 'layer'} ${shared.name} of member ${other}. ` +
          'Make every layer inside the function.',
      );
    }
    if (compiledModel(earlier).optimizer === optimizer) {
      refuse(`gave member ${m} the optimizer of member ${other}. Make it inside the function too.`);
    }
  }
  if (m > 0) checkAlike(before[0], model, m, 'createModel');
}
