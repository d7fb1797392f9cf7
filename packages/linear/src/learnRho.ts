import type { Regularizer } from '@crossreg/core';
import { checkOneOf } from '@crossreg/core/internal';
import { type Followed, followRho, type RhoStep } from './followRho';
import type { Examples } from './holdOut';
import type { PathPoint, QuadraticPath } from './quadraticPath';
import { type RhoGradient, validate } from './validation';

/** A path of training optima and, in its coordinates, the examples that validate them. */
export interface ValidatedPath {
  path: QuadraticPath;
  validation: Examples;
}

/** How ρ is learned. */
export interface LearningOptions {
  /** Default `'total'`, which leads to the best λ. */
  gradient?: RhoGradient;
  /**
   * Stop at the first minimum of the validation loss from the strong end, instead of the lowest; or use no penalty at all, if
   * that is better. Default false.
   */
  earlyStopping?: boolean;
}

/** @throws ArgumentError for values that are not allowed. */
export function checkLearning({ gradient = 'total', earlyStopping = false }: LearningOptions): void {
  checkOneOf('gradient', gradient, ['total', 'projected'], "Use 'total', which leads to the best λ.");
  checkOneOf('earlyStopping', earlyStopping, [true, false], 'Use false, which finds the lowest minimum.');
}

/** What a fit learned about ρ. */
export interface LearnedRho {
  /** The learned ρ = R(w). */
  rho: number;
  /** The weight of the penalty that leads to the same coefficients. */
  lambda: number;
  /** Every ρ step in the order taken. The last one is not always the best. */
  history: RhoStep[];
  /** `at bound`: the validation loss was lowest at an end of the path, w = 0 or no penalty. */
  status: Followed['status'];
  /** How many local minima of the validation loss the path has passed; the lowest was kept. */
  minima: number;
  /** Mean squared error on the held-out data at the learned ρ, averaged over folds. */
  validationLoss: number;
}

/**
 * Learns ρ for coefficients that are trained on `reference`, from the splits that validate it. A single split on the reference
 * path is a held-out set. Several splits are folds, each with its own path at the same ρ.
 */
export function learnRho(
  reference: QuadraticPath,
  splits: readonly ValidatedPath[],
  regularizer: Regularizer,
  { gradient: kind = 'total', earlyStopping = false }: LearningOptions,
): { learned: LearnedRho; point: PathPoint } {
  const at = (u: number) => {
    const point = reference.at(u);
    let [loss, gradient] = [0, 0];
    for (const { path, validation } of splits) {
      const own = path === reference ? point : path.atRho(point.rho);
      const validated = validate(validation, own, regularizer, kind);
      loss += validated.loss / splits.length;
      gradient += validated.gradient / splits.length;
    }
    const { rho, rhoDerivative } = point;
    return { u, rho, lambda: Math.exp(u), loss, gradient, rhoDerivative };
  };
  const { strong, weak } = reference;
  const { best, steps, status, minima } = followRho(at, { strong, weak, earlyStopping });
  const learned = {
    rho: best.rho,
    lambda: best.lambda,
    validationLoss: best.loss,
    history: steps.map(({ rho, lambda, loss, gradient }) => ({ rho, lambda, loss, gradient })),
    status,
    minima,
  };
  return { learned, point: reference.at(best.u) };
}
