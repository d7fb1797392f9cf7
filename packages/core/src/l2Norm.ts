import type { Framework } from './framework';
import { innerProduct, type NormScope, reciprocal, rescaling } from './projection';
import { nearZero, type Regularizer } from './regularizer';

/** ‖w‖₂ over all arrays of a group. */
const norm = <T>(framework: Framework<T>, weights: readonly T[], per?: NormScope): T =>
  framework.sqrt(innerProduct(framework, weights, weights, per));

/**
 * The L2 norm R(w) = ‖w‖₂: ρ is the length of w, θ = w/‖w‖ its direction, the retraction a rescaling. Its
 * cross-regularized solution is the ridge solution at the λ that minimizes the validation loss (Theorem 3.1; see
 * `normLevel` for what the alternating scheme itself converges to).
 *
 * At w = 0 there is no direction: the gradient is zero and the retraction leaves w there. The lower bound is 1e-8.
 */
export function l2Norm(): Regularizer {
  return {
    name: 'l2',
    lowerBound: nearZero,
    scopes: ['group', 'unit'],
    value: norm,
    gradient(framework, weights, per) {
      const scale = reciprocal(framework, norm(framework, weights, per));
      return weights.map((w) => framework.mul(w, scale));
    },
    retract(framework, weights, level, per) {
      const scale = rescaling(framework, level, norm(framework, weights, per));
      return weights.map((w) => framework.mul(w, scale));
    },
  };
}
