import { ArgumentError, deriveSeed, permutation } from '@crossreg/core';
import { seedStreams } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { classLabels } from './classLabels';
import { lossNames } from './compiled';
import { differences } from './differences';
import { type Fingerprints, fingerprints } from './fingerprint';
import { dealExamples, dealGroups } from './folds';
import { groupBy } from './groupBy';
import type {
  RegularizationBatch,
  RegularizationFold,
  RegularizationPart,
  RegularizationSplit,
} from './regularizationData';
import { take } from './trainingBatches';

/** What was split off the training data for ρ, and what identifies these. */
export interface HeldOut {
  tensors: readonly [x: tf.Tensor[], y: tf.Tensor[]];
  /** The number of examples. */
  from: number;
  data: Fingerprints;
  /** The index of every other example. */
  rest: number[];
}

/**
 * Splits a share of the training examples off: the same ones for the same seed.
 *
 * @param before - what an earlier call took off the same data: it is kept.
 * @returns what is held out, and the index of every other example.
 * @throws ArgumentError for a share of no example, for other data than before, and for a class of which no example is on one of
 *   the two sides.
 */
export async function holdOut(
  { x, y }: RegularizationBatch,
  {
    data,
    seed,
    before,
    model,
  }: { data: RegularizationPart; seed: number; before: HeldOut | undefined; model: LayersModel },
): Promise<HeldOut> {
  const count = x[0].shape[0];
  const identity = { from: count, data: await fingerprints({ x, y }) };
  if (before) {
    checkSameData(before, identity);
    return before;
  }
  const { held, rest } = await heldOutExamples({ x, y }, { data, seed, model });
  return { tensors: [take(x, held), take(y, held)], ...identity, rest };
}

/** The examples that are held out are known by their index. In other data, or in another order, θ would learn from them. */
function checkSameData(before: Pick<HeldOut, 'from' | 'data'>, now: Pick<HeldOut, 'from' | 'data'>): void {
  const advice =
    'Continue with the same data, so that the model is not trained on held-out examples, or create a new callback.';
  if (before.from !== now.from) {
    throw new ArgumentError(
      'x',
      `has ${now.from} examples, but the regularization set was split off from ${before.from}. ${advice}`,
    );
  }
  for (const what of ['x', 'y'] as const) {
    if (differences(before.data[what], now.data[what], what).length === 0) continue;
    throw new ArgumentError(
      what,
      'has other examples, or another order of them, than when the regularization set was split off. ' +
        advice,
    );
  }
}

/**
 * Which examples a part is, by index, and which are left.
 *
 * @throws ArgumentError for a part of no example, and for a class of which no example is on one of the two sides: of
 *   folds, in any of them.
 */
export async function heldOutExamples(
  { x, y }: RegularizationBatch,
  { data: given, seed, model }: { data: RegularizationPart; seed: number; model: LayersModel },
): Promise<{ held: number[]; rest: number[] }> {
  const count = x[0].shape[0];
  const labels = await labelsOf(y, given, model);
  const data = { ...given, stratified: given.stratified ?? labels.length > 0 };
  const { groups, stratified } = data;
  if (groups && groups.length !== count) {
    throw new ArgumentError(
      `${name}.groups`,
      `has ${groups.length} entries, but there are ${count} examples. Give one for each.`,
    );
  }
  // One class for all outputs together: with several of them, what they have at the same time.
  const classOf = (i: number) => (stratified ? labels.map((each) => each[i]).join() : '');
  const folds = 'folds' in data;
  const order = [
    ...permutation(count, deriveSeed((folds ? data.seed : undefined) ?? seed, seedStreams.heldOutExamples)),
  ];
  const parts = folds ? foldsOf(order, classOf, data) : [split(order, classOf, data, labels.length === 1)];
  const sides = parts.map((part, k) => {
    const chosen = new Set(part);
    const held = order.filter((i) => chosen.has(i));
    const rest = order.filter((i) => !chosen.has(i));
    checkClasses(labels, [held, rest], data, k);
    return { held, rest };
  });
  return sides[folds ? data.fold : 0];
}

/** Frees what was split off. */
export const freeHeldOut = (heldOut: HeldOut | undefined): void => {
  if (heldOut) tf.dispose([...heldOut.tensors]);
};

const name = 'regularizationData';

/** The classes of the examples, by output. */
async function labelsOf(
  y: readonly tf.Tensor[],
  { stratified }: RegularizationPart,
  model: LayersModel,
): Promise<ArrayLike<number>[]> {
  const names = lossNames(model);
  const all = await Promise.all(
    y.map((target, i) => {
      const loss = names[i];
      const isCategorical = loss === undefined ? stratified === true : /crossentropy/i.test(loss);
      return classLabels(target, isCategorical);
    }),
  );
  const found = all.filter((labels) => labels !== undefined);
  if (stratified && found.length === 0) {
    throw new ArgumentError(
      `${name}.stratified`,
      'is true, but the targets are not classes: neither one-hot, nor whole numbers with a cross-entropy. Leave it out.',
    );
  }
  return found;
}

/** The examples of every fold. */
function foldsOf(
  order: readonly number[],
  classOf: (i: number) => string,
  { folds, groups }: RegularizationFold,
): number[][] {
  if (folds > order.length) {
    throw new ArgumentError(
      `${name}.folds`,
      `are ${folds}, but there are ${order.length} examples. Use ${order.length} folds or fewer.`,
    );
  }
  return groups ? dealGroups(order, groups, classOf, folds) : dealExamples(order, classOf, folds);
}

/**
 * The examples of a share of them.
 *
 * @param all - whether a stratified share takes at least one example of every class.
 */
function split(
  order: readonly number[],
  classOf: (i: number) => string,
  { split: share, stratified, groups }: RegularizationSplit,
  all: boolean,
): Iterable<number> {
  if (groups) return wholeGroups(order, groups, classOf, share);
  if (stratified) return partsOfClasses(order, classOf, { share, all });
  const held = Math.round(order.length * share);
  if (held === 0) {
    throw new ArgumentError(
      `${name}.split`,
      `is ${share}, which rounds to none of ${order.length} examples. Use a larger share.`,
    );
  }
  return order.slice(0, held);
}

/** The share of every class, rounded so that their sum is right, and at least one example where `all` are to be there. */
function partsOfClasses(
  order: readonly number[],
  classOf: (i: number) => string,
  { share, all }: { share: number; all: boolean },
): Set<number> {
  const chosen = new Set<number>();
  let due = 0;
  for (const members of groupBy(order, classOf).values()) {
    due += members.length * share;
    const least = all ? 1 : 0;
    const some = Math.max(least, Math.min(Math.round(due), members.length - least));
    due -= some;
    for (const i of members.slice(0, some)) chosen.add(i);
  }
  return chosen;
}

/**
 * Groups as wholes, in random order: each that brings the share held out of every class nearer to the one wanted, in the
 * sum of squares Σ (held − share · n)²/n over the classes.
 */
function wholeGroups(
  order: readonly number[],
  groups: ArrayLike<unknown>,
  classOf: (i: number) => string,
  share: number,
): Set<number> {
  const sizes = new Map([...groupBy(order, classOf)].map(([key, members]) => [key, members.length]));
  const held = new Map<string, number>();
  const chosen = new Set<number>();
  const members = [...groupBy(order, (i) => groups[i]).values()];
  for (const group of members) {
    let change = 0;
    const added = [...groupBy(group, classOf)];
    for (const [key, some] of added) {
      const [n, now] = [sizes.get(key) as number, held.get(key) ?? 0];
      change += ((now + some.length - share * n) ** 2 - (now - share * n) ** 2) / n;
    }
    if (change >= 0) continue;
    for (const i of group) chosen.add(i);
    for (const [key, some] of added) held.set(key, (held.get(key) ?? 0) + some.length);
  }
  if (chosen.size === 0) {
    const smallest = Math.min(...members.map(({ length }) => length));
    throw new ArgumentError(
      `${name}.groups`,
      `are too large for a split of ${share}: the smallest has ${smallest} of ${order.length} examples. Use a larger share.`,
    );
  }
  return chosen;
}

/** A class that one side never sees is lost: θ cannot learn it, or errors in it cost ρ nothing. */
function checkClasses(
  labels: readonly ArrayLike<number>[],
  [held, rest]: readonly [held: readonly number[], rest: readonly number[]],
  data: RegularizationPart,
  fold: number,
): void {
  const folds = 'folds' in data;
  const advice = data.groups
    ? `Make smaller groups, or use ${folds ? 'fewer folds' : 'another share'} or another seed.`
    : data.stratified
      ? `Give at least ${folds ? data.folds : 'two'} examples of each class${folds ? ', or use fewer folds' : ''}.`
      : `Leave stratified: false out, or use ${folds ? 'fewer folds' : 'a larger share'}.`;
  for (const each of labels) {
    const classes = new Set(Array.from(each));
    for (const [side, some] of [
      [folds ? `fold ${fold}` : 'the regularization set', held],
      [folds ? `the training data beside fold ${fold}` : 'the training data', rest],
    ] as const) {
      const present = new Set(some.map((i) => each[i]));
      const missing = [...classes].filter((c) => !present.has(c)).sort((a, b) => a - b);
      if (missing.length === 0) continue;
      const shown = `${missing.slice(0, 6).join(', ')}${missing.length > 6 ? ', …' : ''}`;
      throw new ArgumentError(
        `${name}.${folds ? 'folds' : 'split'}`,
        `${folds ? 'leave' : 'leaves'} no example of class ${shown} in ${side}. ${advice}`,
      );
    }
  }
}
