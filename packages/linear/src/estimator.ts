import type { LearnedRho } from './learnRho';

/** A fitted attribute or `predict` was used before `fit`, like the exception of that name in scikit-learn. */
export class NotFittedError extends Error {
  override readonly name = 'NotFittedError';
}

/** The result of every `fit` of this package. */
export interface Fitted {
  coefficients: Float64Array;
  /** What was learned about ρ: one entry, or one per target. */
  learned: LearnedRho[];
}

/** The shared part of the estimators. The result of `fit` is one object; reading it before `fit` is an error. */
export abstract class Estimator<F extends Fitted> {
  private found: F | undefined;

  /** @param name - of the class, for messages: a bundler shortens what `constructor.name` says. */
  constructor(private readonly name: string) {}

  /** What `fit` found. */
  protected get fitted(): F {
    if (!this.found) throw new NotFittedError(`${this.name}: nothing was fitted yet. Call fit first.`);
    return this.found;
  }
  protected set fitted(found: F) {
    this.found = found;
  }

  /** The coefficients, in the units of X; grouped by target if there are several. */
  get coefficients(): Float64Array {
    return this.fitted.coefficients;
  }
  /** What was learned about ρ: one entry, or one per target with `per: 'target'`. */
  get learned(): LearnedRho[] {
    return this.fitted.learned;
  }
  /** The learned ρ = R(w). */
  get rho(): number {
    return this.single.rho;
  }
  /** The penalty weight that leads to the same coefficients, in the convention of the class. */
  get lambda(): number {
    return this.single.lambda;
  }
  /** Mean squared error on the held-out data at the learned ρ, averaged over folds. */
  get validationLoss(): number {
    return this.single.validationLoss;
  }
  /** Every ρ step, in the order taken. */
  get history(): LearnedRho['history'] {
    return this.single.history;
  }
  get status(): LearnedRho['status'] {
    return this.single.status;
  }
  /** Local minima of the validation loss along the path; the lowest was kept. */
  get minima(): number {
    return this.single.minima;
  }

  private get single(): LearnedRho {
    const { learned } = this.fitted;
    if (learned.length > 1) throw new Error('There is one ρ per target. Read them from `learned`.');
    return learned[0];
  }
}
