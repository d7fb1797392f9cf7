import { type Bijector, exp } from './bijector';
import type { Framework } from './framework';
import { normalRate } from './projection';
import type { Regularizer } from './regularizer';

/**
 * One regularization parameter (a scalar, or an array of them that move together) as the ρ step sees it. There are
 * two kinds: {@link parameter}, which the loss depends on directly, and {@link normLevel}, the norm of weights that
 * θ's optimizer trains.
 */
export interface Rho<T> {
  readonly name: string;
  /** What ρ's optimizer moves: raw and unconstrained for a parameter, ρ itself for a norm. */
  readonly variable: T;
  /** What the regularization loss is differentiated by. */
  readonly wrt: readonly T[];
  /** The range of {@link value}; a bound that is reached is reported by the convergence monitor. */
  readonly range: readonly [lower: number, upper: number];
  /** The gradient of `variable` from those of `wrt`. */
  gradient(gradients: readonly T[]): T;
  /** The regularization parameter in its own unit: σ, ρ = R(w), pixels. */
  value(): T;
  /** After ρ's optimizer moved `variable`: keep it in range and bring what follows from it in line. */
  settle(): void;
  /** After θ's optimizer moved: undo what it did to ρ. Nothing to do for a parameter. */
  retract(): void;
}

/**
 * A regularization parameter that the loss reads directly, such as a noise scale: an unconstrained raw variable
 * and the bijector that makes it positive or bounded.
 */
export function parameter<T>(
  framework: Framework<T>,
  { name, variable, bijector = exp }: { name: string; variable: T; bijector?: Bijector },
): Rho<T> {
  return {
    name,
    variable,
    wrt: [variable],
    range: bijector.range,
    gradient: ([gradient]) => gradient,
    value: () => bijector.forward(framework, variable),
    settle() {},
    retract() {},
  };
}

/**
 * The level ρ = R(w) of a regularizer on weights that θ's optimizer trains. θ steps may move w anywhere and are
 * brought back to {R = ρ}; ρ steps change the level, by the component of the regularization gradient along ∇R.
 *
 * `variable` is a scalar variable that the caller made with the level to start from, usually R(w) itself.
 */
export function normLevel<T>(
  framework: Framework<T>,
  {
    name,
    weights,
    regularizer,
    variable,
  }: { name: string; weights: readonly T[]; regularizer: Regularizer; variable: T },
): Rho<T> {
  const retract = () =>
    framework.tidy(() => {
      regularizer.retract(framework, weights, variable).forEach((retracted, i) => {
        framework.assign(weights[i], retracted);
      });
    });
  return {
    name,
    variable,
    wrt: weights,
    range: [regularizer.lowerBound, Number.POSITIVE_INFINITY],
    gradient: (gradients) => normalRate(framework, gradients, regularizer.gradient(framework, weights)),
    value: () => framework.add(variable, framework.array(0)),
    settle() {
      framework.tidy(() =>
        framework.assign(variable, framework.maximum(variable, framework.array(regularizer.lowerBound))),
      );
      retract();
    },
    retract,
  };
}
