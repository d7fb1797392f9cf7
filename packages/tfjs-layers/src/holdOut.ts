import { ArgumentError, deriveSeed, permutation } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { classLabels } from './classLabels';
import { compiledModel } from './modelState';
import type { RegularizationBatch, RegularizationSplit, RegularizationTensors } from './regularizationData';
import { take } from './trainingBatches';

/** What was split off the training data for ρ, and the number of examples it was split off. */
export interface HeldOut {
  tensors: RegularizationTensors;
  from: number;
  /** The index of every other example. */
  rest: number[];
}

/**
 * Splits a share of the training examples off: the same ones for the same seed.
 *
 * @param before - what an earlier call took off the same data: it is kept.
 * @returns what is held out, and the index of every other example.
 * @throws ArgumentError for a share of no example, for data of another size than before, and for a class of which no
 *   example is on one of the two sides.
 */
export async function holdOut(
  { x, y }: RegularizationBatch,
  {
    data,
    seed,
    before,
    model,
  }: { data: RegularizationSplit; seed: number; before: HeldOut | undefined; model: LayersModel },
): Promise<HeldOut> {
  const count = x[0].shape[0];
  if (before) {
    if (before.from === count) return before;
    throw new ArgumentError(
      'x',
      `has ${count} examples, but the regularization set was split off ${before.from}. Go on with the same data, ` +
        'so that none of the held-out examples is trained on, or make a new callback.',
    );
  }
  const labels = await labelsOf(y, data, model);
  const { held, rest } = split(count, data, labels, seed);
  checkClasses(labels, held, rest, data);
  return { tensors: [take(x, held), take(y, held)], from: count, rest };
}

/** Frees what was split off. */
export const freeHeldOut = (heldOut: HeldOut | undefined): void => {
  if (heldOut) tf.dispose(heldOut.tensors);
};

const name = 'regularizationData';

/** The classes of the examples, by output. */
async function labelsOf(
  y: readonly tf.Tensor[],
  { stratified = false }: RegularizationSplit,
  model: LayersModel,
): Promise<ArrayLike<number>[]> {
  const { loss, outputNames } = compiledModel(model) as unknown as { loss: unknown; outputNames: string[] };
  const lossOf = (i: number) =>
    Array.isArray(loss) ? loss[i] : loss && typeof loss === 'object' ? (loss as any)[outputNames[i]] : loss;
  const all = await Promise.all(
    y.map((target, i) => {
      const own = lossOf(i);
      const isCategorical = typeof own === 'string' ? /crossentropy/i.test(own) : stratified;
      return classLabels(target, isCategorical);
    }),
  );
  const found = all.filter((labels) => labels !== undefined);
  if (stratified && found.length === 0) {
    throw new ArgumentError(
      `${name}.stratified`,
      'is for targets that are classes: one-hot, or whole numbers under a cross-entropy. Leave it out for others.',
    );
  }
  return found;
}

function split(
  count: number,
  data: RegularizationSplit,
  labels: readonly ArrayLike<number>[],
  seed: number,
): { held: number[]; rest: number[] } {
  const order = [...permutation(count, deriveSeed(seed, 3))];
  const { split: share, stratified = false, groups } = data;
  if (!stratified && !groups) {
    const held = Math.round(count * share);
    if (held === 0) {
      throw new ArgumentError(
        `${name}.split`,
        `of ${share} takes nothing off ${count} examples. Use a larger share.`,
      );
    }
    return { held: order.slice(0, held), rest: order.slice(held) };
  }
  if (groups && groups.length !== count) {
    throw new ArgumentError(
      `${name}.groups`,
      `has ${groups.length} entries, but there are ${count} examples. Give one for each.`,
    );
  }
  // One class for all outputs together: with several of them, what they have at the same time.
  const classOf = (i: number) => (stratified ? labels.map((each) => each[i]).join() : '');
  const chosen = groups
    ? wholeGroups(order, groups, classOf, share)
    : partsOfClasses(order, classOf, { share, all: labels.length === 1 });
  return { held: order.filter((i) => chosen.has(i)), rest: order.filter((i) => !chosen.has(i)) };
}

/** The share of every class, rounded so that their sum is right, and at least one example where `all` are to be there. */
function partsOfClasses(
  order: readonly number[],
  classOf: (i: number) => string,
  { share, all }: { share: number; all: boolean },
): Set<number> {
  const chosen: number[] = [];
  let due = 0;
  for (const members of groupBy(order, classOf).values()) {
    due += members.length * share;
    const least = all ? 1 : 0;
    const some = Math.max(least, Math.min(Math.round(due), members.length - least));
    due -= some;
    chosen.push(...members.slice(0, some));
  }
  return new Set(chosen);
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

function groupBy<K>(items: readonly number[], keyOf: (i: number) => K): Map<K, number[]> {
  const groups = new Map<K, number[]>();
  for (const i of items) {
    const key = keyOf(i);
    const members = groups.get(key);
    if (members) members.push(i);
    else groups.set(key, [i]);
  }
  return groups;
}

/** A class that one side never sees is lost: θ cannot learn it, or errors in it cost ρ nothing. */
function checkClasses(
  labels: readonly ArrayLike<number>[],
  held: readonly number[],
  rest: readonly number[],
  { stratified, groups }: RegularizationSplit,
): void {
  const advice = groups
    ? 'Make smaller groups, or use another share or seed.'
    : stratified
      ? 'Give at least two examples of each class.'
      : 'Use { split, stratified: true }, or a larger share.';
  for (const each of labels) {
    const classes = new Set(Array.from(each));
    for (const [side, some] of [
      ['the regularization set', held],
      ['the training data', rest],
    ] as const) {
      const present = new Set(some.map((i) => each[i]));
      const missing = [...classes].filter((c) => !present.has(c)).sort((a, b) => a - b);
      if (missing.length === 0) continue;
      throw new ArgumentError(
        `${name}.split`,
        `leaves no example of class ${missing.slice(0, 6).join(', ')}${missing.length > 6 ? ', …' : ''} in ${side}. ${advice}`,
      );
    }
  }
}
