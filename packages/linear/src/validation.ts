import { Array64, float64 as fw, type Regularizer } from '@crossreg/core';
import { innerProduct, levelRate } from '@crossreg/core/internal';
import type { Examples } from './holdOut';
import type { PathPoint } from './quadraticPath';

/**
 * Which derivative of the validation loss ρ follows to zero.
 *
 * - `total`: dL_val(w*(ρ))/dρ, along the path of training optima w*(ρ), by implicit differentiation. It comes to rest at the
 *   best λ.
 * - `projected`: the component of ∇L_val along ∇R at w*(ρ), as in the paper's alternating scheme (`levelRate` of core). The
 *   direction of w is held fixed. It comes to rest where that scheme does, near the best λ but not at it.
 */
export type RhoGradient = 'total' | 'projected';

/** The mean squared error on held-out examples at a point of the path, and its derivative by ρ. */
export function validate(
  { x, y }: Examples,
  { weights, derivative, rhoDerivative }: PathPoint,
  regularizer: Regularizer,
  kind: RhoGradient,
): { loss: number; gradient: number } {
  const residual = fw.sub(fw.matMul(x, weights), y);
  const count = fw.array(y.data.length);
  const mean = (a: Array64, b: Array64) => fw.div(innerProduct(fw, [a], [b]), count).data[0];
  const loss = mean(residual, residual);
  // If the constraint is not active, a larger ρ changes nothing.
  if (rhoDerivative === 0) return { loss, gradient: 0 };
  if (kind === 'total') {
    return { loss, gradient: (2 * mean(residual, fw.matMul(x, derivative))) / rhoDerivative };
  }
  const byWeights = fw.mul(fw.matMul(transpose(x), residual), fw.div(fw.array(2), count));
  return { loss, gradient: levelRate(fw, regularizer, [weights], [byWeights]).data[0] };
}

const transpose = ({ data, shape: [rows, columns] }: Array64): Array64 =>
  new Array64(
    data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)]),
    [columns, rows],
  );
