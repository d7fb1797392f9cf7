import type { Framework } from './framework';

/**
 * What counts as one vector: `group`, all arrays together, which gives scalars; or `unit`, every output unit (index
 * of the last axis) by itself, which gives arrays of shape `[units]`. Those broadcast against the weights.
 */
export type NormScope = 'group' | 'unit';

/** Σ over all arrays of a group, for the whole of it or for each output unit. */
export function total<T>(framework: Framework<T>, xs: readonly T[], per: NormScope = 'group'): T {
  const sum = (x: T) => {
    const axes = framework.shape(x).map((_, axis) => axis);
    return framework.sum(x, per === 'group' ? axes : axes.slice(0, -1));
  };
  return xs.map(sum).reduce((sums, term) => framework.add(sums, term));
}

/** ⟨a, b⟩ over all arrays of a group. */
export function innerProduct<T>(
  framework: Framework<T>,
  a: readonly T[],
  b: readonly T[],
  per: NormScope = 'group',
): T {
  return total(
    framework,
    a.map((x, i) => framework.mul(x, b[i])),
    per,
  );
}

/** 1/x, and 0 where x is 0. */
export function reciprocal<T>(framework: Framework<T>, x: T): T {
  const one = framework.array(1);
  // Where x is 0 divide by 1 instead: `where` alone would still differentiate and print 1/0.
  return framework.where(x, framework.div(one, framework.where(x, x, one)), framework.array(0));
}

/**
 * level/value, the factor of a rescaling: 1, which changes nothing, where the value is 0 or anything is not finite. So
 * a NaN stays where it is instead of spreading over the group, without a second look at every weight.
 */
export function rescaling<T>(framework: Framework<T>, level: T, value: T): T {
  const one = framework.array(1);
  const factor = framework.mul(level, reciprocal(framework, value));
  const sound = framework.where(framework.allFinite([factor, value]), factor, one);
  return framework.where(value, sound, one);
}

/** `next`, or `weights` where a number of `next` is not finite. Looks at every number: not for hot paths. */
export function ifFinite<T>(framework: Framework<T>, next: readonly T[], weights: readonly T[]): T[] {
  const finite = framework.allFinite(next);
  return next.map((x, i) => framework.where(finite, x, weights[i]));
}

/**
 * ⟨g, n⟩ / ⟨n, n⟩: how fast the loss with gradient g changes per unit of R when the weights move along n = ∇R.
 * Zero where n = 0 (method.md §2: g_ρ = 0 there).
 */
export function normalRate<T>(
  framework: Framework<T>,
  gradient: readonly T[],
  normal: readonly T[],
  per: NormScope = 'group',
): T {
  const length = innerProduct(framework, normal, normal, per);
  return framework.mul(innerProduct(framework, gradient, normal, per), reciprocal(framework, length));
}

/**
 * The decomposition of a gradient along the normal n = ∇R of a level set of a regularizer R:
 *
 *     g = g_ρ + g_⊥,   g_ρ = (⟨g, n⟩ / ⟨n, n⟩) n,   ⟨g_⊥, n⟩ = 0
 *
 * Training steps use g_⊥ (complexity stays), regularization steps use g_ρ (complexity changes). A group of arrays
 * is one long vector. Where n = 0: g_ρ = 0 and g_⊥ = g.
 *
 * Source: Stein Brito 2025, §2 (gradient decomposition); method.md §2.
 */
export function decompose<T>(
  framework: Framework<T>,
  gradient: readonly T[],
  normal: readonly T[],
  per: NormScope = 'group',
): { normal: T[]; tangent: T[] } {
  const rate = normalRate(framework, gradient, normal, per);
  const along = normal.map((n) => framework.mul(rate, n));
  return { normal: along, tangent: gradient.map((g, i) => framework.sub(g, along[i])) };
}
