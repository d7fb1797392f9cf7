import { ArgumentError, checkAbove } from '@crossreg/core';
import { type CenteringOptions, centering } from './centering';
import { type HoldOut, plan } from './heldOut';
import { LassoPath } from './lassoPath';
import { learnLassoRho } from './learnLassoRho';
import type { LearnedRho, LearningOptions } from './learnRho';
import { centerSums, meanSquares } from './meanSquares';
import { predictLinear } from './predictLinear';
import { combine, type Sums, sums } from './sums';
import type { Table } from './table';

export interface LassoOptions extends CenteringOptions, LearningOptions {}

/**
 * The LASSO whose penalty is learned: the coefficients that minimize the squared error on training data among those
 * with ρ = ‖w‖₁, with ρ learned on held-out data. The path of training optima is exact and piecewise linear in ρ, so
 * the validation loss is piecewise quadratic and its derivative by ρ is followed from knot to knot, from w = 0.
 * Coefficients outside the model are exact zeros.
 *
 * `lambda` is the `alpha` of scikit-learn's `Lasso` for the same coefficients: ‖y − Xw‖²/(2n) + λ‖w‖₁. Columns and
 * targets are centered and the intercept is outside the penalty, as there. Deterministic. Memory grows as p².
 *
 * Source: Stein Brito 2025, §2; method.md §2.
 */
export class Lasso {
  /** In the units of X; zero exactly where a column is not in the model. */
  coefficients = new Float64Array();
  intercept = 0;
  /** The learned ρ = ‖w‖₁, of centered and, if asked, standardized columns. */
  rho = Number.NaN;
  /** The `alpha` of scikit-learn's `Lasso` for the same coefficients. */
  lambda = Number.NaN;
  /** Mean squared error on what is held out at the learned ρ, averaged over folds. */
  validationLoss = Number.NaN;
  /** A step for every knot that ρ passed, and the point where it came to rest, in the order of ρ. */
  history: LearnedRho['history'] = [];
  status: LearnedRho['status'] = 'at bound';
  /** Local minima of the validation loss along the path; the lowest was kept. */
  minima = 0;

  constructor(readonly options: LassoOptions = {}) {}

  /**
   * Learns the coefficients and ρ.
   *
   * @param x - `[n, p]`.
   * @param y - n numbers.
   * @throws ArgumentError for tables that do not fit each other or numbers that are not finite.
   */
  fit(x: Table, y: ArrayLike<number>, holdOut: HoldOut = {}): this {
    const { fitIntercept } = this.options;
    const { training, rounds } = plan(x, y, holdOut);
    if (training.y.shape[1] !== 1) {
      throw new ArgumentError('y', `has ${training.y.shape[1]} targets. Fit each by itself.`);
    }
    // Sums around one point near the data, so that those of folds can be had by subtraction.
    const { mean: origin, targetMean } = centering(training, { fitIntercept });
    const [targetOrigin] = targetMean;
    const held = rounds.map(({ heldOut }) => sums(heldOut, origin, targetOrigin));
    // Folds are the training data taken apart: every example is summed once.
    const folds = rounds.every((round) => round.training !== training);
    const all =
      folds && rounds.length > 1
        ? held.reduce((a, b) => combine(a, b, 1))
        : sums(training, origin, targetOrigin);
    const prepare = (of: Sums) => {
      const center = centerSums(of, this.options);
      return { center, path: new LassoPath(meanSquares(of, center)) };
    };
    const reference = prepare(all);
    const judged = held.map((heldOut) => {
      const own = folds && rounds.length > 1 ? prepare(combine(all, heldOut, -1)) : reference;
      return { path: own.path, loss: meanSquares(heldOut, own.center) };
    });
    const learned = learnLassoRho(reference.path, judged, this.options);
    Object.assign(this, learned);
    const { center, path } = reference;
    this.evaluate = (rho) => Float64Array.from(path.at(rho).weights, (w, j) => w / center.scale[j]);
    this.coefficients = this.evaluate(learned.rho);
    this.intercept = this.coefficients.reduce(
      (intercept, w, j) => intercept - w * (origin[j] + center.x[j]),
      targetOrigin + center.y,
    );
    return this;
  }

  /** The coefficients of the path at another ρ, without intercept: for a picture of the path. */
  coefficientsAt(rho: number): Float64Array {
    if (!this.evaluate) throw new Error('coefficientsAt: nothing was fitted yet. Call fit first.');
    checkAbove('rho', rho, 0, 'It is a norm.', true);
    return this.evaluate(rho);
  }

  private evaluate: ((rho: number) => Float64Array<ArrayBuffer>) | undefined;

  /** The fitted function. */
  predict(x: Table): Float64Array {
    return predictLinear(x, this.coefficients, Float64Array.of(this.intercept));
  }
}
