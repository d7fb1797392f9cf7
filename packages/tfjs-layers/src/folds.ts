import { ArgumentError } from '@crossreg/core';
import { groupBy } from './groupBy';

/**
 * Deals examples to K folds: one after another, class by class, so that the folds' sizes and their shares of every class
 * differ by one example at most.
 *
 * @param order - the examples, by index, in random order.
 * @returns the examples of each fold.
 */
export function dealExamples(
  order: readonly number[],
  classOf: (i: number) => string,
  folds: number,
): number[][] {
  const dealt: number[][] = Array.from({ length: folds }, () => []);
  [...groupBy(order, classOf).values()].flat().forEach((i, at) => {
    dealt[at % folds].push(i);
  });
  return dealt;
}

/**
 * Deals groups of examples to K folds as wholes, the largest first: each to the fold whose counts of the classes come
 * nearest to an equal share n/K by it, in the sum of squares Σ (held − n/K)²/n over the classes.
 *
 * @param order - the examples, by index, in random order.
 * @returns the examples of each fold.
 * @throws ArgumentError for fewer groups than folds.
 */
export function dealGroups(
  order: readonly number[],
  groups: ArrayLike<unknown>,
  classOf: (i: number) => string,
  folds: number,
): number[][] {
  const members = [...groupBy(order, (i) => groups[i]).values()].sort((a, b) => b.length - a.length);
  if (members.length < folds) {
    throw new ArgumentError(
      'regularizationData.folds',
      `are ${folds}, but there are ${members.length} groups. Use ${members.length} folds or fewer, or smaller groups.`,
    );
  }
  const sizes = new Map([...groupBy(order, classOf)].map(([key, some]) => [key, some.length]));
  const dealt = Array.from({ length: folds }, () => ({
    examples: [] as number[],
    held: new Map<string, number>(),
  }));
  for (const group of members) {
    const added = [...groupBy(group, classOf)].map(([key, some]) => [key, some.length] as const);
    const costs = dealt.map(({ held }) =>
      added.reduce((sum, [key, more]) => {
        const [n, now] = [sizes.get(key) as number, held.get(key) ?? 0];
        return sum + ((now + more - n / folds) ** 2 - (now - n / folds) ** 2) / n;
      }, 0),
    );
    // Of equals the smallest: so none stays empty.
    const best = costs.reduce((least, cost, k) => {
      const smaller = dealt[k].examples.length < dealt[least].examples.length;
      return cost < costs[least] || (cost === costs[least] && smaller) ? k : least;
    }, 0);
    dealt[best].examples.push(...group);
    for (const [key, more] of added) dealt[best].held.set(key, (dealt[best].held.get(key) ?? 0) + more);
  }
  return dealt.map(({ examples }) => examples);
}
