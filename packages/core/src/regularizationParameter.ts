import { checkOptions } from '../../../common/checkOptions';
import { type Bijector, checkBijector, exp } from './bijector';
import type { Framework } from './framework';
import { checkOptimizer, type OptimizerFactory } from './optimizer';

/**
 * One regularization parameter (a scalar, or an array of them that move together) as the ρ step sees it. There are
 * two kinds: {@link regularizationParameter}, which the loss depends on directly, and {@link normLevel}, the norm of
 * weights that θ's optimizer trains.
 */
export interface RegularizationParameter<T> {
  readonly name: string;
  /** What ρ's optimizer moves: the unconstrained raw number from which a bijector computes the value, or for a norm ρ itself. */
  readonly variable: T;
  /** What the regularization loss is differentiated by. */
  readonly wrt: readonly T[];
  /** The range of {@link value}; a bound that is reached is reported by the convergence monitor. */
  readonly range: readonly [lower: number, upper: number];
  /** Whether it is the size of something, above 0 and without an upper bound, as σ of noise is. Default false. */
  readonly isScale?: boolean;
  /** Its optimizer, if it is not the one for all ρ. */
  readonly optimizer?: OptimizerFactory;
  /** The gradient of `variable` from those of `wrt`. */
  gradient(gradients: readonly T[]): T;
  /** The regularization parameter in its own unit: σ, ρ = R(w), pixels. */
  value(): T;
  /** Called after ρ's optimizer moved `variable`: keeps it in range and brings what follows from it in line, such as the weights under a norm. */
  afterRhoStep(): void;
  /** Called after θ's optimizer moved: undoes what that did to ρ, as the retraction of a norm does. */
  afterThetaStep(): void;
  /** Optional: the part of θ's gradients by `wrt` that training may use. */
  tangent?(gradients: readonly T[]): T[];
}

/**
 * A regularization parameter that the loss reads directly, such as a noise scale: an unconstrained raw variable
 * and the bijector that makes it positive or bounded.
 */
export function regularizationParameter<T>(
  framework: Framework<T>,
  options: {
    /** In the history. */
    name: string;
    /** The raw variable. */
    variable: T;
    /** From the raw variable to the value. Default `exp`. */
    bijector?: Bijector;
    /** The value that steps do not go below. Default: the bijector's own bound. */
    min?: number;
    /** Default: the optimizer for all ρ. Parameters given the same factory share an optimizer. */
    optimizer?: OptimizerFactory;
  },
): RegularizationParameter<T> {
  checkOptions('regularizationParameter', options, {
    ...{ name: 1, variable: 1, bijector: 1, min: 1, optimizer: 1 },
  });
  const { name, variable, bijector = exp, min, optimizer } = options;
  checkBijector('bijector', bijector);
  if (optimizer) checkOptimizer('optimizer', optimizer);
  const minRaw = min === undefined ? undefined : bijector.inverse(min, 'min');
  return {
    name,
    variable,
    optimizer,
    wrt: [variable],
    range: [min ?? bijector.range[0], bijector.range[1]],
    isScale: bijector.range[0] === 0 && bijector.range[1] === Number.POSITIVE_INFINITY,
    gradient: ([gradient]) => gradient,
    value: () => bijector.forward(framework, variable),
    afterRhoStep() {
      if (minRaw !== undefined) keepAbove(framework, variable, minRaw);
    },
    afterThetaStep() {},
  };
}

/** Raises values that a step brought below `min` to `min`. */
export const keepAbove = <T>(framework: Framework<T>, variable: T, min: number): void =>
  framework.tidy(() => framework.assign(variable, framework.maximum(variable, framework.array(min))));
