import type { NormScope, Regularizer } from '@crossreg/core';
import { innerProduct } from '@crossreg/core/internal';
import { type Array as JaxArray, lax } from '@jax-js/jax';
import { lift } from './lift';

/**
 * R(w) of a group of weights, by a regularizer of `@crossreg/core` (`l2Norm()`, `l1Norm()`, …): the level to start from.
 *
 * @param weights - one group, taken as one long vector. Consumed.
 * @param per - one value for the group, or one for each unit, `[units]`. Default: the regularizer's own.
 */
export function normOf(regularizer: Regularizer, weights: readonly JaxArray[], per?: NormScope): JaxArray {
  return lift((framework, ...handles) => regularizer.value(framework, handles, per), ...weights);
}

/**
 * The weights retracted to the level set {R = level}, for the option `retract` of {@link crossRegularize}. The derivative by
 * the level is that of core's `normLevel`: the loss changes by the component of its gradient along ∇R. No gradient flows to the
 * weights, because training differentiates them before the retraction.
 *
 * @param weights - one group. Consumed.
 * @param level - ρ, a scalar, or `[units]` if it is per unit. Consumed.
 * @param per - as in {@link normOf}.
 * @example
 * const retract = (params, rho) => {
 *   const [kernel] = retractTo(l2Norm(), [params.kernel], rho.kernel);
 *   return { ...params, kernel };
 * };
 */
export function retractTo(
  regularizer: Regularizer,
  weights: readonly JaxArray[],
  level: JaxArray,
  per: NormScope = regularizer.scopes[0],
): JaxArray[] {
  const target = lax.stopGradient(level.ref);
  const moved = lift(
    (framework, to, ...handles) => regularizer.retract(framework, handles, to, per),
    target.ref,
    ...weights.map((w) => lax.stopGradient(w)),
  );
  const directions = lift(
    (framework, ...handles) => {
      if (regularizer.retractionDerivative) return regularizer.retractionDerivative(framework, handles, per);
      const normal = regularizer.gradient(framework, handles, per);
      const square = innerProduct(framework, normal, normal, per);
      const one = framework.array(1);
      const isZero = framework.sub(one, framework.sign(square));
      return normal.map((n) => framework.div(n, framework.add(square, isZero)));
    },
    ...moved.map((w) => w.ref),
  );
  // This adds zero, because level and target are the same number. It is here for its derivative.
  const rise = level.sub(target);
  const next = moved.map((w, i) => w.add(lax.stopGradient(directions[i]).mul(rise.ref)));
  rise.dispose();
  return next;
}
