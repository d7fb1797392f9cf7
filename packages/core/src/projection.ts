import type { Framework } from './framework';

/** ⟨a, b⟩ summed over all arrays of a group. */
export function innerProduct<T>(framework: Framework<T>, a: readonly T[], b: readonly T[]): T {
  return a
    .map((x, i) => framework.sum(framework.mul(x, b[i])))
    .reduce((sum, term) => framework.add(sum, term), framework.array(0));
}

/**
 * ⟨g, n⟩ / ⟨n, n⟩: how fast the loss with gradient g changes per unit of R when the weights move along n = ∇R.
 * Zero where n = 0 (method.md §2: g_ρ = 0 there).
 */
export function normalRate<T>(framework: Framework<T>, gradient: readonly T[], normal: readonly T[]): T {
  const length = innerProduct(framework, normal, normal);
  // Where length is 0 divide by 1 instead: `where` alone would still differentiate and print 0/0.
  const safe = framework.where(length, length, framework.array(1));
  const rate = framework.div(innerProduct(framework, gradient, normal), safe);
  return framework.where(length, rate, framework.array(0));
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
): { normal: T[]; tangent: T[] } {
  const rate = normalRate(framework, gradient, normal);
  const along = normal.map((n) => framework.mul(rate, n));
  return { normal: along, tangent: gradient.map((g, i) => framework.sub(g, along[i])) };
}
