import { ArgumentError, checkList, checkOneOf, refuse } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import { type Bijector, checkBijector } from './bijector';
import type { Framework } from './framework';
import { checkOptimizer, type OptimizerFactory } from './optimizer';
import { decompose, ifFinite, innerProduct, type NormScope, normalRate, reciprocal } from './projection';
import { keepAbove, type RegularizationParameter } from './regularizationParameter';
import { levelRate, type Regularizer } from './regularizer';

/**
 * - `retracted`: θ's optimizer moves the weights freely, then they are brought back to {R = ρ}. Works under any
 *   optimizer and holds ρ exactly.
 * - `literal`: as in the paper. θ's gradient loses its component along ∇R, a ρ step moves the weights straight
 *   along ∇R, and ρ is read off the weights after each. A straight step leaves a curved level set by second order, so
 *   training steps let ρ drift, upwards where the level set is convex; `experiments/paper` measures by how much.
 */
export type NormScheme = 'retracted' | 'literal';

export interface NormLevelOptions<T> {
  name: string;
  /** The group, variables that θ's optimizer trains. */
  weights: readonly T[];
  regularizer: Regularizer;
  /** A variable that ρ's optimizer moves. It starts at the initial level, usually R(w), or with a bijector at its raw value. */
  variable: T;
  /** Whether `variable` is the raw value of ρ; `exp` makes ρ's steps relative ones. Default: it is ρ itself. */
  bijector?: Bijector;
  /** One ρ for all `weights`, or one for each output unit, with `variable` of shape `[units]`. Default `'group'`. */
  per?: NormScope;
  /** The optimizer of the level. Default: the optimizer for all ρ. Levels given the same factory share an optimizer. */
  optimizer?: OptimizerFactory;
  /** Default `'retracted'`. */
  scheme?: NormScheme;
}

/**
 * The level ρ = R(w) of a regularizer on weights that θ's optimizer trains. θ steps may move w and are brought back
 * to {R = ρ}; ρ steps change the level by the component of the regularization gradient along ∇R.
 *
 * Where it comes to rest, the validation loss is stationary in ρ *at the direction of w as it is*. Along the path of
 * training optima w*(ρ) the direction moves with ρ, so that point is near the optimum of the path, the ridge or LASSO
 * solution of Theorem 3.1, and not on it. `@crossreg/linear` follows the path itself.
 *
 * Weights that are not finite are left as they are: no retraction spreads a NaN over its group.
 */
export function normLevel<T>(
  framework: Framework<T>,
  options: NormLevelOptions<T>,
): RegularizationParameter<T> {
  checkOptions('normLevel', options, {
    ...{ name: 1, weights: 1, regularizer: 1, variable: 1, bijector: 1, per: 1, scheme: 1, optimizer: 1 },
  });
  const { name, weights, regularizer, variable, bijector, scheme = 'retracted', optimizer } = options;
  if (typeof regularizer?.retract !== 'function') {
    refuse('regularizer', regularizer, 'a regularizer', 'Use l2Norm() or l1Norm(), for example.');
  }
  checkList('weights', weights, 'variables');
  checkOneOf('scheme', scheme, ['retracted', 'literal'], "Leave it out for 'retracted'.");
  if (bijector !== undefined) checkBijector('bijector', bijector);
  if (optimizer) checkOptimizer('optimizer', optimizer);
  const { per = regularizer.scopes[0] } = options;
  checkOneOf('per', per, regularizer.scopes, `The regularizer ${regularizer.name} has no other scope.`);
  if (scheme === 'literal' && bijector) {
    throw new ArgumentError(
      'bijector',
      'is given, but only the retracted scheme uses it: the literal scheme computes ρ from w. Leave it out.',
    );
  }
  const { lowerBound } = regularizer;
  const min = bijector ? bijector.inverse(lowerBound, 'lowerBound') : lowerBound;
  const level = () => (bijector ? bijector.forward(framework, variable) : variable);
  const move = (next: readonly T[]) => {
    weights.forEach((w, i) => {
      framework.assign(w, next[i]);
    });
  };
  const normal = () => regularizer.gradient(framework, weights, per);
  const retract = () => framework.tidy(() => move(regularizer.retract(framework, weights, level(), per)));
  const bound = () => keepAbove(framework, variable, min);
  return {
    name,
    variable,
    optimizer,
    wrt: weights,
    range: [lowerBound, Number.POSITIVE_INFINITY],
    gradient(gradients) {
      const rate =
        scheme === 'literal'
          ? normalRate(framework, gradients, normal(), per)
          : levelRate(framework, regularizer, weights, gradients, per);
      if (!bijector) return rate;
      const chained = () => framework.sum(framework.mul(rate, bijector.forward(framework, variable)));
      return framework.valueAndGradients(chained, [variable]).gradients[0];
    },
    value: () => framework.add(level(), framework.array(0)),
    ...(scheme === 'retracted'
      ? {
          afterRhoStep() {
            bound();
            retract();
          },
          afterThetaStep: retract,
        }
      : {
          tangent: (gradients: readonly T[]) => decompose(framework, gradients, normal(), per).tangent,
          afterRhoStep() {
            bound();
            framework.tidy(() => {
              const n = normal();
              const gap = framework.sub(level(), regularizer.value(framework, weights, per));
              const scale = framework.mul(gap, reciprocal(framework, innerProduct(framework, n, n, per)));
              const next = weights.map((w, i) => framework.add(w, framework.mul(scale, n[i])));
              move(ifFinite(framework, next, weights));
            });
          },
          afterThetaStep() {
            framework.tidy(() => framework.assign(variable, regularizer.value(framework, weights, per)));
          },
        }),
  };
}
