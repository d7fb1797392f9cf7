import { ArgumentError, deriveSeed, permutation } from '@crossreg/core';
import { checkInteger, checkOptions, checkSeed, show } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  checkAlive,
  checkFinite,
  checkFit,
  type Examples,
  type NamedTensors,
  type Tensors,
  tensorList,
  withLastAxis,
} from './examples';
import { fingerprints } from './fingerprint';
import { checkBatches } from './predict';
import { checkSeen, SeenClasses } from './seenClasses';

/** Inputs and targets held out from the training data, as `fit` takes them. They stay the caller's. */
export type RegularizationTensors = readonly [x: Tensors | NamedTensors, y: Tensors | NamedTensors];

/** A `tf.data.Dataset` of batches `{ xs, ys }`, as `fitDataset` takes it; only its iterator is used. */
export interface RegularizationDataset {
  iterator(): Promise<{
    next(): Promise<{ value: unknown; done?: boolean }>;
    return?(): unknown;
  }>;
}

/**
 * The held-out set from which ρ learns: tensors, a batched `tf.data.Dataset`, or a {@link RegularizationSplit} or {@link
 * RegularizationFold}, which `CrossRegularization.fit` takes off the training data. Never use `validationData` of `fit`, whose
 * loss must stay an unbiased estimate.
 */
export type RegularizationData = RegularizationTensors | RegularizationDataset | RegularizationPart;

/** A part that `CrossRegularization.fit` takes off the training data. */
export type RegularizationPart = RegularizationSplit | RegularizationFold;

/** A share of the training data, drawn at random with the callback's seed. */
export interface RegularizationSplit {
  /** The share of the examples, between 0 and 1. */
  split: number;
  /**
   * Whether the same share of every class is held out, and at least one example. Default: true if targets are classes, that is
   * one-hot, or whole numbers with a cross-entropy. Otherwise a rare class could by chance be rarer in the held-out set, and σ
   * would rise to lower its probability.
   */
  stratified?: boolean;
  /** The group of every example, such as its patient or its video. A group is held out completely or not at all. */
  groups?: ArrayLike<number | string>;
}

/** One of K folds, into which the training data are divided at random. */
export interface RegularizationFold extends Omit<RegularizationSplit, 'split'> {
  /** K, at least 2. */
  folds: number;
  /** Which fold is held out, from 0 to K − 1. */
  fold: number;
  /** Seed of the division, which must be the same for all K. Default: the callback's seed. */
  seed?: number;
}

export type RegularizationBatch = Examples;

/** The position in a source of regularization batches. */
export interface BatchesState {
  taken: number;
  /** Passes over a data set that have begun. */
  passes: number;
}

/** An endless source of regularization batches. */
export interface RegularizationBatches {
  /** The next batch; its tensors are the caller's to dispose of. */
  next(): Promise<RegularizationBatch>;
  /** The inputs of the next batch (or of the first), without taking it. They are the caller's to dispose of. */
  sample(): tf.Tensor[];
  /** @throws ArgumentError for tensors that were disposed. */
  check(): void;
  /** What identifies these data, as JSON; for a data set, its first batch. */
  settings(): Promise<object>;
  /** The classes not seen so far, while a data set is in its first pass; undefined if none is missing. */
  unseen(): Promise<string | undefined>;
  state(): BatchesState;
  /**
   * Continues from a state. A data set is read up to there, so it has to yield the same batches again.
   *
   * @throws ArgumentError for a place in a data set that was passed already: it cannot go back.
   */
  loadState(state: BatchesState): Promise<void>;
}

const name = 'regularizationData';

export const isTensors = (data: unknown): data is RegularizationTensors =>
  Array.isArray(data) && data.length === 2;

const isDataset = (data: object): data is RegularizationDataset =>
  'iterator' in data && typeof data.iterator === 'function';

/** Whether it is taken off the training data. */
export const isPart = (data: RegularizationData): data is RegularizationPart =>
  typeof data === 'object' && ('split' in data || 'folds' in data);

export const partUnseen = () =>
  new ArgumentError(
    name,
    'is { split } or { folds }, but a callback does not see the training data. Call cross.fit(model, x, y, args) instead of ' +
      'model.fit, or hold out tensors yourself.',
  );

const noData = (data: unknown) =>
  new ArgumentError(
    name,
    `must be [x, y] with tensors or lists of tensors, a tf.data.Dataset, { split } or { folds, fold }, but is ${show(data)}. Hold some examples out of the training data.`,
  );

/** @throws ArgumentError for a part that cannot be taken off any data. */
function checkPart(data: RegularizationPart): void {
  if ('folds' in data) {
    checkOptions(name, data, { folds: 1, fold: 1, stratified: 1, groups: 1, seed: 1 });
    const { folds, fold, seed = 0 } = data;
    checkInteger(`${name}.folds`, folds, 2, 'Use 5.');
    checkSeed(`${name}.seed`, seed);
    if (!(Number.isInteger(fold) && fold >= 0 && fold < folds)) {
      throw new ArgumentError(
        `${name}.fold`,
        `must be an integer from 0 to ${folds - 1}, but is ${show(fold)}. Train one model for each, as fitEnsemble does.`,
      );
    }
  } else {
    checkOptions(name, data, { split: 1, stratified: 1, groups: 1 });
    if (!(data.split > 0 && data.split < 1)) {
      throw new ArgumentError(
        `${name}.split`,
        `must lie between 0 and 1, but is ${show(data.split)}. Use 0.1.`,
      );
    }
  }
  const { stratified = false, groups = [] } = data;
  if (typeof stratified !== 'boolean') {
    throw new ArgumentError(
      `${name}.stratified`,
      `must be true or false, but is ${show(stratified)}. Leave it out to keep the proportions of the classes.`,
    );
  }
  if (typeof groups !== 'object' || groups === null || !Number.isInteger(groups.length)) {
    throw new ArgumentError(
      `${name}.groups`,
      `must be an array with a number or string for each example, but is ${show(groups)}. Give all examples of a group the same one.`,
    );
  }
}

/**
 * Refuses values that cannot be regularization data of any model, before the model is known.
 *
 * @throws ArgumentError
 */
export function checkRegularizationData(data: RegularizationData | undefined): RegularizationData {
  if (!data) throw new ArgumentError(name, 'is missing. Give [x, y], held out from the training data.');
  if (isPart(data)) {
    checkPart(data);
  } else if (isTensors(data)) {
    // The names are the model's, which is not known yet.
    for (const part of data) {
      if (part === null || typeof part !== 'object') throw noData(data);
      const names =
        part !== null && typeof part === 'object' && !Array.isArray(part) ? Object.keys(part) : [];
      tensorList(part, names, name);
    }
  } else if (!(typeof data === 'object' && isDataset(data))) {
    throw noData(data);
  }
  return data;
}

/**
 * Batches of regularization data for a model. Tensors are shuffled again before each pass. A data set keeps its own order, and
 * starts again when it ends.
 *
 * @param batchSize - examples in a batch; a data set has its own.
 * @throws ArgumentError if the data do not fit the model or lack a class. For a data set, the first batch is checked now, and its
 *   classes at the end of its first pass.
 */
export async function regularizationBatches(
  data: RegularizationTensors | RegularizationDataset,
  model: LayersModel,
  {
    batchSize,
    seed,
    allowMissingClasses = false,
  }: { batchSize: number; seed: number; allowMissingClasses?: boolean },
): Promise<RegularizationBatches> {
  if (!isTensors(data)) return datasetBatches(data, model, allowMissingClasses);
  const all = {
    x: tensorList(data[0], model.inputNames, name),
    y: tensorList(data[1], model.outputNames, name),
  };
  checkFit(all, model, name);
  await checkFinite(all, model, name);
  const seen = new SeenClasses(model);
  seen.add(all.y);
  await checkSeen(seen, allowMissingClasses);
  const count = all.x[0].shape[0];
  const size = Math.min(batchSize, count);
  checkBatches(model, size, `a batch of ${name}`);
  const perRound = Math.floor(count / size);
  let taken = 0;
  const orderOf = (round: number) => ({ round, indices: permutation(count, deriveSeed(seed, round)) });
  let order = orderOf(0);
  const check = () => {
    checkAlive(all.x, model.inputNames, name);
    checkAlive(all.y, model.outputNames, name);
  };
  return {
    sample: () => all.x.map((tensor) => tf.tidy(() => withLastAxis(tf.slice(tensor, 0, size)))),
    check,
    settings: () => fingerprints(all),
    unseen: async () => undefined,
    state: () => ({ taken, passes: 0 }),
    async loadState(state) {
      taken = state.taken;
    },
    async next() {
      check();
      const [round, start] = [Math.floor(taken / perRound), (taken % perRound) * size];
      if (round !== order.round) order = orderOf(round);
      taken += 1;
      return tf.tidy(() => {
        const indices = tf.tensor1d([...order.indices.subarray(start, start + size)], 'int32');
        const take = (tensors: tf.Tensor[]) =>
          tensors.map((tensor) => withLastAxis(tf.gather(tensor, indices)));
        return { x: take(all.x), y: take(all.y) };
      });
    },
  };
}

/** A number or a plain list of numbers, as a data set yields without `batch`. */
const isPlain = (element: unknown): boolean =>
  typeof element === 'number' || (Array.isArray(element) && typeof element[0] === 'number');

async function datasetBatches(
  dataset: RegularizationDataset,
  model: LayersModel,
  allowMissingClasses: boolean,
): Promise<RegularizationBatches> {
  // Of the first pass.
  const seen = new SeenClasses(model);
  let iterator = await dataset.iterator();
  let [passes, taken] = [1, 0];
  const read = async (): Promise<RegularizationBatch> => {
    let { value, done } = await iterator.next();
    if (done) {
      if (passes === 1 && taken > 0) await checkSeen(seen, allowMissingClasses);
      iterator = await dataset.iterator();
      passes += 1;
      taken = 0;
      ({ value, done } = await iterator.next());
    }
    if (done)
      throw new ArgumentError(
        name,
        'is a data set that yields no batch. Hold out at least 1 % of the training data.',
      );
    const { xs, ys } = (value ?? {}) as { xs?: Tensors | NamedTensors; ys?: Tensors | NamedTensors };
    if (!xs || !ys) {
      throw new ArgumentError(
        name,
        `must yield { xs, ys } batches, as fitDataset takes them, but yields ${show(value)}. Use tf.data.zip({ xs, ys }).batch(32).`,
      );
    }
    const plain = [xs, ys].find(isPlain);
    if (plain !== undefined) {
      throw new ArgumentError(
        name,
        `must yield batches of tensors, but yields ${show(plain)}. Call .batch(32) on the data set.`,
      );
    }
    let batch: RegularizationBatch;
    try {
      batch = { x: tensorList(xs, model.inputNames, name), y: tensorList(ys, model.outputNames, name) };
      checkFit(batch, model, name);
      checkBatches(model, batch.x[0].shape[0], `a batch of ${name}`);
    } catch (error) {
      tf.dispose([xs, ys]);
      if (!(error instanceof ArgumentError) || (passes === 1 && taken === 0)) throw error;
      const problem = error.message.slice(error.argument.length + 2);
      throw new ArgumentError(
        error.argument,
        `batch ${taken} of pass ${passes - 1} (both counted from 0): ${problem}`,
      );
    }
    if (passes === 1) seen.add(batch.y);
    const standardize = (tensor: tf.Tensor) => {
      const full = withLastAxis(tensor);
      if (full !== tensor) tensor.dispose();
      return full;
    };
    return { x: batch.x.map(standardize), y: batch.y.map(standardize) };
  };
  // The first batch is looked at now, so that what does not fit is refused before training starts.
  let first: RegularizationBatch | undefined = await read();
  const { x, y } = await fingerprints(first);
  const next = async () => {
    const batch = first ?? (await read());
    first = undefined;
    taken += 1;
    return batch;
  };
  return {
    next,
    sample: () => (first?.x ?? []).map((tensor) => tf.clone(tensor)),
    check() {},
    settings: async () => ({ firstBatch: { x, y } }),
    unseen: async () => (passes === 1 && !allowMissingClasses ? await seen.missing() : undefined),
    state: () => ({ taken, passes }),
    async loadState(state) {
      if (state.passes < passes || (state.passes === passes && state.taken < taken)) {
        throw new ArgumentError(
          name,
          'is a data set, which cannot go back to the position of the checkpoint. Restore with a new callback, or use tensors.',
        );
      }
      // Of a pass that is over only its beginning matters: a data set may shuffle itself again at each.
      for (; passes < state.passes; passes++) {
        if (first) tf.dispose([first.x, first.y]);
        first = undefined;
        iterator = await dataset.iterator();
        taken = 0;
      }
      while (taken < state.taken) {
        const { x, y } = await next();
        tf.dispose([x, y]);
      }
    },
  };
}
