import { ArgumentError, show } from './argumentError';
import { type Bijector, exp } from './bijector';
import type { Framework } from './framework';
import { checkOptions } from './options';
import { decompose, type Extent, ifFinite, innerProduct, normalRate, reciprocal } from './projection';
import { levelRate, type Regularizer } from './regularizer';

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
  /** Where it is given: the part of θ's gradients by `wrt` that training may use. */
  tangent?(gradients: readonly T[]): T[];
}

/**
 * A regularization parameter that the loss reads directly, such as a noise scale: an unconstrained raw variable
 * and the bijector that makes it positive or bounded.
 *
 * @param least - the value that steps do not go below. Default: the bijector's own bound.
 */
export function parameter<T>(
  framework: Framework<T>,
  options: { name: string; variable: T; bijector?: Bijector; least?: number },
): Rho<T> {
  checkOptions('parameter', options, { name: 1, variable: 1, bijector: 1, least: 1 });
  const { name, variable, bijector = exp, least } = options;
  const leastRaw = least === undefined ? undefined : bijector.inverse(least, 'least');
  return {
    name,
    variable,
    wrt: [variable],
    range: [least ?? bijector.range[0], bijector.range[1]],
    gradient: ([gradient]) => gradient,
    value: () => bijector.forward(framework, variable),
    settle() {
      if (leastRaw === undefined) return;
      framework.tidy(() =>
        framework.assign(variable, framework.maximum(variable, framework.array(leastRaw))),
      );
    },
    retract() {},
  };
}

/**
 * - `retracted`: θ's optimizer moves the weights freely, then they are brought back to {R = ρ}. Works under any
 *   optimizer and holds ρ exactly.
 * - `literal`: as the paper writes it. θ's gradient loses its component along ∇R, a ρ step moves the weights straight
 *   along ∇R, and ρ is read off the weights after each. A straight step leaves a curved level set by second order, so
 *   training steps let ρ drift, upwards where the level set is convex; `experiments/paper` measures by how much.
 */
export type NormScheme = 'retracted' | 'literal';

export interface NormLevelOptions<T> {
  name: string;
  /** The group, variables that θ's optimizer trains. */
  weights: readonly T[];
  regularizer: Regularizer;
  /** What ρ's optimizer moves, made by the caller: the level to start from, usually R(w) itself, or its raw value. */
  variable: T;
  /** Whether `variable` is the raw value of ρ; `exp` makes ρ's steps relative ones. Default: it is ρ itself. */
  bijector?: Bijector;
  /** One ρ for all `weights`, or one for each output unit, with `variable` of shape `[units]`. Default `'group'`. */
  extent?: Extent;
  /** Default `'retracted'`. */
  scheme?: NormScheme;
}

/**
 * The level ρ = R(w) of a regularizer on weights that θ's optimizer trains. θ steps may move w and are brought back
 * to {R = ρ}; ρ steps change the level, by the component of the regularization gradient along ∇R.
 *
 * Where it comes to rest, the validation loss is stationary in ρ *at the direction of w as it is*. Along the path of
 * training optima w*(ρ) the direction moves with ρ, so that point is near the optimum of the path, the ridge or LASSO
 * solution of Theorem 3.1, and not on it. `@crossreg/linear` follows the path itself.
 *
 * Weights that are not finite are left as they are: no retraction spreads a NaN over its group.
 */
export function normLevel<T>(framework: Framework<T>, options: NormLevelOptions<T>): Rho<T> {
  checkOptions('normLevel', options, {
    ...{ name: 1, weights: 1, regularizer: 1, variable: 1, bijector: 1, extent: 1, scheme: 1 },
  });
  const { name, weights, regularizer, variable, bijector, scheme = 'retracted' } = options;
  const { extent = regularizer.extents[0] } = options;
  if (!regularizer.extents.includes(extent)) {
    throw new ArgumentError(
      'extent',
      `is ${show(extent)}, but ${regularizer.name} is defined for ${regularizer.extents.join(' or ')} only.`,
    );
  }
  if (scheme === 'literal' && bijector) {
    throw new ArgumentError(
      'bijector',
      'goes with the retracted scheme only: the literal one reads ρ off w.',
    );
  }
  const { lowerBound } = regularizer;
  const least = bijector ? bijector.inverse(lowerBound, 'lowerBound') : lowerBound;
  const level = () => (bijector ? bijector.forward(framework, variable) : variable);
  const move = (next: readonly T[]) => {
    weights.forEach((w, i) => {
      framework.assign(w, next[i]);
    });
  };
  const normal = () => regularizer.gradient(framework, weights, extent);
  const retract = () => framework.tidy(() => move(regularizer.retract(framework, weights, level(), extent)));
  const bound = () =>
    framework.tidy(() => framework.assign(variable, framework.maximum(variable, framework.array(least))));
  return {
    name,
    variable,
    wrt: weights,
    range: [lowerBound, Number.POSITIVE_INFINITY],
    gradient(gradients) {
      const rate =
        scheme === 'literal'
          ? normalRate(framework, gradients, normal(), extent)
          : levelRate(framework, regularizer, weights, gradients, extent);
      if (!bijector) return rate;
      const chained = () => framework.sum(framework.mul(rate, bijector.forward(framework, variable)));
      return framework.valueAndGradients(chained, [variable]).gradients[0];
    },
    value: () => framework.add(level(), framework.array(0)),
    ...(scheme === 'retracted'
      ? {
          settle() {
            bound();
            retract();
          },
          retract,
        }
      : {
          tangent: (gradients: readonly T[]) => decompose(framework, gradients, normal(), extent).tangent,
          settle() {
            bound();
            framework.tidy(() => {
              const n = normal();
              const gap = framework.sub(level(), regularizer.value(framework, weights, extent));
              const scale = framework.mul(gap, reciprocal(framework, innerProduct(framework, n, n, extent)));
              const next = weights.map((w, i) => framework.add(w, framework.mul(scale, n[i])));
              move(ifFinite(framework, next, weights));
            });
          },
          retract() {
            framework.tidy(() => framework.assign(variable, regularizer.value(framework, weights, extent)));
          },
        }),
  };
}
