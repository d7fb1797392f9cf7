import type { Framework } from './framework';
import { innerProduct, type NormScope, normalRate } from './projection';

/**
 * A measure R(w) of how complex a group of weights is, with the functions that cross-regularization needs. The
 * group is a list of arrays, taken as one long vector, or as one vector for each output unit: see {@link NormScope}.
 *
 * Source: method.md §2.
 */
export interface Regularizer {
  readonly name: string;
  /** The options it was made with. A checkpoint compares them and the name. */
  readonly settings?: object;
  /** The smallest ρ = R(w) that training may reach. */
  readonly lowerBound: number;
  /** The scopes it is defined for; the first one is the default. */
  readonly scopes: readonly NormScope[];
  /** R(w): a scalar, or for each unit `[units]`. */
  value<T>(framework: Framework<T>, weights: readonly T[], per?: NormScope): T;
  /** n = ∇R(w), or a subgradient of it; zero where R has no direction, as at w = 0. */
  gradient<T>(framework: Framework<T>, weights: readonly T[], per?: NormScope): T[];
  /**
   * dw/dρ of the retraction as the level rises, if it does not lead along the normal. Default: n/⟨n, n⟩, the shortest way.
   */
  retractionDerivative?<T>(framework: Framework<T>, weights: readonly T[], per?: NormScope): T[];
  /** dL/dρ of a loss with gradient g, for arrays that do not have their units on the last axis. */
  levelDerivative?<T>(
    framework: Framework<T>,
    weights: readonly T[],
    gradient: readonly T[],
    per?: NormScope,
  ): T;
  /**
   * The weights brought to the level set {R = level}, near where they were. Where n = 0, or where R(w) is not finite,
   * they stay.
   */
  retract<T>(framework: Framework<T>, weights: readonly T[], level: T, per?: NormScope): T[];
}

/**
 * The lower bound of a norm: slightly above zero, so that training never reaches w = 0 by itself. There the weights
 * have no direction left to grow in.
 */
export const nearZero = 1e-8;

/**
 * dL/dρ at the weights as they are: how fast a loss with gradient g changes as the retraction follows a rising level.
 * For all norms that is the component of g along ∇R, ⟨g, n⟩/⟨n, n⟩ (method.md §2).
 */
export function levelRate<T>(
  framework: Framework<T>,
  regularizer: Regularizer,
  weights: readonly T[],
  gradient: readonly T[],
  per?: NormScope,
): T {
  if (regularizer.levelDerivative) return regularizer.levelDerivative(framework, weights, gradient, per);
  return regularizer.retractionDerivative
    ? innerProduct(framework, gradient, regularizer.retractionDerivative(framework, weights, per), per)
    : normalRate(framework, gradient, regularizer.gradient(framework, weights, per), per);
}
