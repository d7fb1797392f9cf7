import type { Framework } from './framework';
import { innerProduct } from './projection';

/**
 * A measure R(w) of how complex a group of weights is, with what cross-regularization needs to know of it. The
 * group is a list of arrays, taken as one long vector.
 *
 * Source: method.md §2, the table of norms and retractions.
 */
export interface Regularizer {
  readonly name: string;
  /** The smallest ρ = R(w) that training may reach. */
  readonly lowerBound: number;
  /** R(w), a scalar. */
  value<T>(framework: Framework<T>, weights: readonly T[]): T;
  /** n = ∇R(w), or a subgradient of it; zero where R has no direction, as at w = 0. */
  gradient<T>(framework: Framework<T>, weights: readonly T[]): T[];
  /** The weights brought to the level set {R = level}, near where they were. */
  retract<T>(framework: Framework<T>, weights: readonly T[], level: T): T[];
}

/** ‖w‖₂ over all arrays of a group. */
function norm<T>(framework: Framework<T>, weights: readonly T[]): T {
  return framework.sqrt(innerProduct(framework, weights, weights));
}

/** 1/x, and 0 where x is 0. */
function reciprocal<T>(framework: Framework<T>, x: T): T {
  const one = framework.array(1);
  return framework.where(x, framework.div(one, framework.where(x, x, one)), framework.array(0));
}

/**
 * The L2 norm R(w) = ‖w‖₂: ρ is the length of w, θ = w/‖w‖ its direction, the retraction a rescaling. Its
 * cross-regularized solution is the ridge solution at the λ that minimizes the validation loss (Theorem 3.1).
 *
 * At w = 0 there is no direction: the gradient is zero and the retraction leaves w there. The lower bound is a
 * hair above zero, so that training never gets there by itself and forgets the direction.
 */
export function l2(): Regularizer {
  return {
    name: 'l2',
    lowerBound: 1e-8,
    value: norm,
    gradient(framework, weights) {
      const scale = reciprocal(framework, norm(framework, weights));
      return weights.map((w) => framework.mul(w, scale));
    },
    retract(framework, weights, level) {
      const scale = framework.mul(level, reciprocal(framework, norm(framework, weights)));
      return weights.map((w) => framework.mul(w, scale));
    },
  };
}
