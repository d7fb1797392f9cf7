import { ArgumentError, deriveSeed, permutation, show } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkBatches } from './predict';

/** A tensor, or a list for a model with several inputs or outputs. Examples on the first axis. */
export type Tensors = tf.Tensor | tf.Tensor[];

/** Inputs and targets held out from the training data. They stay the caller's. */
export type RegularizationTensors = [x: Tensors, y: Tensors];

/** What a `tf.data.Dataset` yields: tensors, a list of them, or tensors by the name of the input or output. */
type Element = Tensors | Record<string, tf.Tensor>;

/** A `tf.data.Dataset` of batches `{ xs, ys }`, as `fitDataset` takes it; only its iterator is used. */
export interface RegularizationDataset {
  iterator(): Promise<{
    next(): Promise<{ value: unknown; done?: boolean }>;
    return?(): unknown;
  }>;
}

/**
 * The held-out set that ρ learns from: tensors, a batched `tf.data.Dataset`, or a {@link RegularizationSplit} that
 * `CrossRegularization.fit` takes off the training data. Never `fit`'s `validationData`, whose loss is to
 * stay an unbiased estimate.
 */
export type RegularizationData = RegularizationTensors | RegularizationDataset | RegularizationSplit;

/** What `CrossRegularization.fit` takes off the training data, at random by the callback's seed. */
export interface RegularizationSplit {
  /** The share of the examples, between 0 and 1. */
  split: number;
  /** Whether every class is held out by that share, of targets that are classes. Default false. */
  stratified?: boolean;
  /** For every example the group it belongs to, such as its patient or its video: held out as a whole or not at all. */
  groups?: ArrayLike<number | string>;
}

export interface RegularizationBatch {
  x: tf.Tensor[];
  y: tf.Tensor[];
}

/** Where a source of regularization batches is: batches taken, of a data set those of the last pass alone. */
export interface BatchesState {
  taken: number;
  /** Passes over a data set that were begun. */
  passes: number;
}

/** A source of regularization batches without end. */
export interface RegularizationBatches {
  /** The next batch; its tensors are the caller's to dispose of. */
  next(): Promise<RegularizationBatch>;
  state(): BatchesState;
  /**
   * Goes on from a state. A data set is read up to there, so it has to yield what it did.
   *
   * @throws ArgumentError for a place in a data set that was passed already: it cannot go back.
   */
  restore(state: BatchesState): Promise<void>;
}

const name = 'regularizationData';

export const list = <T>(x: T | T[]): T[] => (Array.isArray(x) ? x : [x]);

const isTensors = (data: unknown): data is RegularizationTensors =>
  Array.isArray(data) && data.length === 2 && data.flat().every((x) => x instanceof tf.Tensor);

const isDataset = (data: object): data is RegularizationDataset =>
  'iterator' in data && typeof data.iterator === 'function';

/**
 * Refuses what cannot be regularization data of any model, before there is one.
 *
 * @throws ArgumentError
 */
export function checkRegularizationData(data: RegularizationData | undefined): RegularizationData {
  if (!data) throw new ArgumentError(name, 'is missing. Give [x, y], held out from the training data.');
  if (typeof data === 'object' && 'split' in data) {
    if (!(data.split > 0 && data.split < 1)) {
      throw new ArgumentError(
        `${name}.split`,
        `must lie between 0 and 1, but is ${show(data.split)}. Use 0.1.`,
      );
    }
    const { stratified = false, groups = [] } = data;
    if (typeof stratified !== 'boolean') {
      throw new ArgumentError(
        `${name}.stratified`,
        `must be true or false, but is ${show(stratified)}. Classes are found from the targets.`,
      );
    }
    if (typeof groups !== 'object' || groups === null || !Number.isInteger(groups.length)) {
      throw new ArgumentError(
        `${name}.groups`,
        `must be an array with a number or text for each example, but is ${show(groups)}.`,
      );
    }
  } else if (!isTensors(data) && !(typeof data === 'object' && isDataset(data))) {
    throw new ArgumentError(
      name,
      `must be [x, y] with tensors or lists of tensors, a tf.data.Dataset or { split }, but is ${show(data)}.`,
    );
  }
  return data;
}

/**
 * Batches of regularization data for a model: of tensors, in an order shuffled anew each time round; of a data set,
 * as it yields them, from its start again when it ends.
 *
 * @param batchSize - examples in a batch; a data set has its own.
 * @throws ArgumentError where the data (of a data set, its first batch) do not fit the model.
 */
export async function regularizationBatches(
  data: RegularizationTensors | RegularizationDataset,
  model: LayersModel,
  { batchSize, seed }: { batchSize: number; seed: number },
): Promise<RegularizationBatches> {
  if (!isTensors(data)) return datasetBatches(data, model);
  const all = { x: list(data[0]), y: list(data[1]) };
  checkFit(all, model, name);
  await checkClasses(all.y, model);
  const count = all.x[0].shape[0];
  const size = Math.min(batchSize, count);
  checkBatches(model, size, `a batch of ${name}`);
  const perRound = Math.floor(count / size);
  let taken = 0;
  const orderOf = (round: number) => ({ round, indices: permutation(count, deriveSeed(seed, round)) });
  let order = orderOf(0);
  return {
    state: () => ({ taken, passes: 0 }),
    async restore(state) {
      taken = state.taken;
    },
    async next() {
      const [round, start] = [Math.floor(taken / perRound), (taken % perRound) * size];
      if (round !== order.round) order = orderOf(round);
      taken += 1;
      return tf.tidy(() => {
        const indices = tf.tensor1d([...order.indices.subarray(start, start + size)], 'int32');
        const take = (tensors: tf.Tensor[]) => tensors.map((tensor) => tf.gather(tensor, indices));
        return { x: take(all.x), y: take(all.y) };
      });
    },
  };
}

async function datasetBatches(
  dataset: RegularizationDataset,
  model: LayersModel,
): Promise<RegularizationBatches> {
  let iterator = await dataset.iterator();
  let [passes, taken] = [1, 0];
  const read = async (): Promise<RegularizationBatch> => {
    let { value, done } = await iterator.next();
    if (done) {
      iterator = await dataset.iterator();
      passes += 1;
      taken = 0;
      ({ value, done } = await iterator.next());
    }
    if (done)
      throw new ArgumentError(
        name,
        'is a data set without a batch. Hold out at least 1 % of the training data.',
      );
    const { xs, ys } = (value ?? {}) as { xs?: Element; ys?: Element };
    if (!xs || !ys) {
      throw new ArgumentError(
        name,
        'must yield { xs, ys } batches, as fitDataset takes them. Use tf.data.zip({ xs, ys }).batch(32).',
      );
    }
    return { x: byName(xs, model.inputNames), y: byName(ys, model.outputNames) };
  };
  // The first batch is looked at now, so that what does not fit is refused before training starts.
  let first: RegularizationBatch | undefined = await read();
  try {
    checkFit(first, model, name);
    checkBatches(model, first.x[0].shape[0], `a batch of ${name}`);
  } catch (error) {
    tf.dispose([first.x, first.y]);
    throw error;
  }
  const next = async () => {
    const batch = first ?? (await read());
    first = undefined;
    taken += 1;
    return batch;
  };
  return {
    next,
    state: () => ({ taken, passes }),
    async restore(state) {
      if (state.passes < passes || (state.passes === passes && state.taken < taken)) {
        throw new ArgumentError(
          name,
          'is a data set, which cannot go back to where the checkpoint was. Restore with a new callback, or use tensors.',
        );
      }
      // Of a pass that is over only its beginning matters: a data set may shuffle itself anew at each.
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

function byName(element: Element, names: readonly string[]): tf.Tensor[] {
  if (element instanceof tf.Tensor || Array.isArray(element)) return list(element);
  return names.map((key) => {
    if (!element[key]) {
      throw new ArgumentError(
        name,
        `has no tensor ${show(key)}, but ${Object.keys(element).map(show).join(', ')}.`,
      );
    }
    return element[key];
  });
}

/**
 * Refuses examples that are not of a model's inputs and outputs.
 *
 * @param name - the argument they are, for the message.
 * @throws ArgumentError
 */
export function checkFit({ x, y }: RegularizationBatch, model: LayersModel, name: string): void {
  for (const [what, given, wanted] of [
    ['inputs', x, model.inputs],
    ['targets', y, model.outputs],
  ] as const) {
    if (given.length !== wanted.length) {
      throw new ArgumentError(name, `has ${given.length} ${what}, but the model has ${wanted.length}.`);
    }
  }
  x.forEach((tensor, i) => {
    const { shape } = model.inputs[i];
    if (
      tensor.rank !== shape.length ||
      shape.some((n, axis) => axis > 0 && n !== null && n !== tensor.shape[axis])
    ) {
      throw new ArgumentError(
        name,
        `input ${i} has shape [${tensor.shape}], but the model takes [${shape.map((n) => n ?? 'any')}].`,
      );
    }
  });
  const counts = [...x, ...y].map((tensor) => tensor.shape[0]);
  if (counts[0] === 0) throw new ArgumentError(name, 'is empty. Hold out at least 1 % of the training data.');
  if (counts.some((n) => n !== counts[0])) {
    throw new ArgumentError(name, `has ${counts.join(', ')} examples in its arrays. They must agree.`);
  }
}

/** A class that ρ never sees is one whose errors cost nothing: σ would learn to give it up. */
async function checkClasses(targets: readonly tf.Tensor[], model: LayersModel): Promise<void> {
  for (const [i, target] of targets.entries()) {
    const classes = model.outputs[i].shape[1];
    const categorical = target.rank === 2 && target.shape[1] === classes && target.shape[1] > 1;
    if (!categorical) continue;
    const sums = tf.tidy(() => [
      tf.sum(target, 0),
      tf.min(target),
      tf.max(tf.abs(tf.sub(tf.sum(target, 1), 1))),
    ]);
    // Not dataSync: WebGPU has none outside of browsers.
    const [totals, [low], [rowError]] = await Promise.all(sums.map((tensor) => tensor.data()));
    tf.dispose(sums);
    const oneHot = low >= 0 && rowError < 1e-4;
    const missing = [...totals].flatMap((total, c) => (total > 0 ? [] : [c]));
    if (oneHot && missing.length > 0) {
      throw new ArgumentError(
        name,
        `has no example of class ${missing.join(', ')}. Take a larger or a stratified regularization set.`,
      );
    }
  }
}
