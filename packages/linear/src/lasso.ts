import { ArgumentError } from '@crossreg/core';
import { checkAbove, checkOptions } from '@crossreg/core/internal';
import { type CenteringOptions, centering, checkCentering } from './centering';
import { Estimator, type Fitted } from './estimator';
import { type HoldOut, splitExamples } from './holdOut';
import { LassoPath } from './lassoPath';
import { learnLassoRho } from './learnLassoRho';
import { checkLearning, type LearningOptions } from './learnRho';
import { centerSums, meanSquares } from './meanSquares';
import { predictLinear } from './predictLinear';
import { combine, type Sums, sums } from './sums';
import type { Table } from './table';

export interface LassoOptions extends CenteringOptions, LearningOptions {}

interface FittedLasso extends Fitted {
  intercept: number;
  /** The path of coefficients, by ρ. */
  coefficientsAt(rho: number): Float64Array;
}

/**
 * The LASSO with a learned penalty: of all coefficients with ρ = ‖w‖₁ those that minimize the squared error on training data,
 * where ρ is learned on held-out data. The path of training optima is exact and piecewise linear in ρ. So the validation loss
 * is piecewise quadratic, and its derivative by ρ is followed from knot to knot, starting at w = 0. Coefficients outside the
 * model are exact zeros. ρ is measured on centered and, as an option, standardized columns. The history has one step per knot
 * that ρ passed, and the point where it came to rest.
 *
 * `lambda` is the `alpha` of scikit-learn's `Lasso` for the same coefficients: ‖y − Xw‖²/(2n) + λ‖w‖₁. As there, columns and
 * targets are centered and the intercept is not penalized. Deterministic. Memory grows as p².
 *
 * Source: Stein Brito 2025, §2; method.md §2.
 * @example
 * ```ts
 * const X = [[0, 1], [1, 0], [2, 1], [3, 3], [4, 2], [5, 1]];
 * const y = [0.1, 1, 2.1, 2.9, 4.2, 4.9];
 * const model = new Lasso().fit(X, y, { folds: 3 });
 * model.coefficients; // with exact zeros
 * model.predict([[6, 0]]);
 * ```
 */
export class Lasso extends Estimator<FittedLasso> {
  constructor(readonly options: LassoOptions = {}) {
    super('Lasso');
    checkOptions('Lasso', options, { fitIntercept: 1, standardize: 1, gradient: 1, earlyStopping: 1 });
    checkCentering(options);
    checkLearning(options);
  }

  /**
   * Learns the coefficients and ρ.
   *
   * @param x - `[n, p]`.
   * @param y - n numbers.
   * @throws ArgumentError for tables that do not fit each other or numbers that are not finite.
   */
  fit(x: Table, y: ArrayLike<number>, holdOut: HoldOut = {}): this {
    const { fitIntercept } = this.options;
    const { training, splits } = splitExamples(x, y, holdOut);
    if (training.y.shape[1] !== 1) {
      throw new ArgumentError('y', `has ${training.y.shape[1]} targets. Fit one model per target.`);
    }
    // Sums around one point near the data, so that the sums of folds follow by subtraction.
    const { mean: origin, targetMean } = centering(training, { fitIntercept });
    const [targetOrigin] = targetMean;
    const held = splits.map(({ validation }) => sums(validation, origin, targetOrigin));
    // Folds divide the training data: every example is summed once.
    const folds = splits.length > 1 && splits.every((split) => split.training !== training);
    const all = folds ? held.reduce((a, b) => combine(a, b, 1)) : sums(training, origin, targetOrigin);
    const prepare = (of: Sums) => {
      const center = centerSums(of, this.options);
      return { center, path: new LassoPath(meanSquares(of, center)) };
    };
    const reference = prepare(all);
    const validated = held.map((part) => {
      const own = folds ? prepare(combine(all, part, -1)) : reference;
      return { path: own.path, loss: meanSquares(part, own.center) };
    });
    const learned = learnLassoRho(reference.path, validated, this.options);
    const { center, path } = reference;
    const coefficientsAt = (rho: number) =>
      Float64Array.from(path.at(rho).weights, (w, j) => w / center.scale[j]);
    const coefficients = coefficientsAt(learned.rho);
    const intercept = coefficients.reduce(
      (sum, w, j) => sum - w * (origin[j] + center.x[j]),
      targetOrigin + center.y,
    );
    this.fitted = { coefficients, intercept, learned: [learned], coefficientsAt };
    return this;
  }

  get intercept(): number {
    return this.fitted.intercept;
  }

  /** The coefficients of the path at another ρ, without intercept: for a picture of the path. */
  coefficientsAt(rho: number): Float64Array {
    const { coefficientsAt } = this.fitted;
    checkAbove('rho', rho, 0, 'ρ is a norm.', true);
    return coefficientsAt(rho);
  }

  /** The fitted function: n numbers. */
  predict(x: Table): Float64Array {
    const { coefficients, intercept } = this.fitted;
    return predictLinear(x, coefficients, Float64Array.of(intercept));
  }
}
