import { type Array64, float64 as fw, l2Norm, Array64 as Numbers } from '@crossreg/core';
import { checkOneOf, checkOptions } from '@crossreg/core/internal';
import { Matrix, SVD } from 'ml-matrix';
import {
  type Centering,
  type CenteringOptions,
  center,
  centering,
  checkCentering,
  uncenter,
} from './centering';
import { Estimator, type Fitted } from './estimator';
import { type Examples, type HoldOut, splitExamples } from './holdOut';
import { checkLearning, type LearningOptions, learnRho } from './learnRho';
import { predictLinear } from './predictLinear';
import { QuadraticPath } from './quadraticPath';
import { joinColumns, type Table, type Targets, takeColumns } from './table';

export interface RidgeOptions extends CenteringOptions, LearningOptions {
  /** With several targets: one ρ for the norm of all coefficients together, or one per target. Default `'model'`. */
  per?: 'model' | 'target';
}

interface FittedRidge extends Fitted {
  intercepts: Float64Array;
}

/**
 * Ridge regression with a learned penalty: of all coefficients of norm ρ = ‖w‖₂ those that minimize the squared error on
 * training data, where ρ is learned on held-out data. One factorization serves the whole path.
 *
 * `lambda` is the `alpha` of scikit-learn's `Ridge` for the same coefficients: ‖y − Xw‖² + λ‖w‖². As there, columns and targets
 * are centered and the intercept is not penalized. ρ is measured on centered and, as an option, standardized columns.
 * Deterministic.
 *
 * Source: Stein Brito 2025, Theorem 3.1.
 * @example
 * ```ts
 * const X = [[0, 1], [1, 0], [2, 1], [3, 3], [4, 2], [5, 1]];
 * const y = [0.1, 1, 2.1, 2.9, 4.2, 4.9];
 * const model = new Ridge().fit(X, y, { folds: 3 });
 * model.predict([[6, 0]]);
 * model.lambda; // as scikit-learn's Ridge(alpha)
 * ```
 */
export class Ridge extends Estimator<FittedRidge> {
  constructor(readonly options: RidgeOptions = {}) {
    super('Ridge');
    checkOptions('Ridge', options, {
      fitIntercept: 1,
      standardize: 1,
      gradient: 1,
      earlyStopping: 1,
      per: 1,
    });
    checkCentering(options);
    checkLearning(options);
    checkOneOf('per', options.per ?? 'model', ['model', 'target'], "Use 'target' for one ρ per target.");
  }

  /**
   * Learns the coefficients and ρ.
   *
   * @param x - `[n, p]`.
   * @param y - n numbers, or `[n, targets]`.
   * @throws ArgumentError for tables that do not fit each other or numbers that are not finite.
   */
  fit(x: Table, y: Targets, holdOut: HoldOut = {}): this {
    const { training, splits } = splitExamples(x, y, holdOut);
    const whole = new FactoredExamples(training, this.options);
    const factored = splits.map((split) => ({
      training: split.training === training ? whole : new FactoredExamples(split.training, this.options),
      validation: split.validation,
    }));
    const all = Array.from({ length: training.y.shape[1] }, (_, k) => k);
    const fits = (this.options.per === 'target' ? all.map((k) => [k]) : [all]).map((targets) => {
      const reference = whole.path(targets);
      const paths = factored.map((split) => ({
        path: split.training === whole ? reference : split.training.path(targets),
        validation: split.training.center(split.validation, targets),
      }));
      return learnRho(reference, paths, l2Norm(), this.options);
    });
    const { weights } = fits[0].point;
    const joined = fits.length === 1 ? weights : joinColumns(fits.map(({ point }) => point.weights));
    this.fitted = {
      ...uncenter(joined, whole.centering),
      learned: fits.map(({ learned }) => learned),
    };
    return this;
  }

  /** One for each target. */
  get intercepts(): Float64Array {
    return this.fitted.intercepts;
  }
  get intercept(): number {
    const { intercepts } = this.fitted;
    if (intercepts.length > 1)
      throw new Error('intercept: there are several targets. Read `intercepts` instead.');
    return intercepts[0];
  }

  /** The fitted function: n numbers, or n × targets, row-major. */
  predict(x: Table): Float64Array {
    const { coefficients, intercepts } = this.fitted;
    return predictLinear(x, coefficients, intercepts);
  }
}

/** Training examples as X = U S Vᵀ after centering. */
class FactoredExamples {
  readonly centering: Centering;
  private readonly y: Array64;
  /** V, `[p, r]`, and (U S)ᵀ, `[r, n]`. */
  private readonly basis: Array64;
  private readonly scores: Array64;
  private readonly curvature: Float64Array;

  constructor(training: Examples, options: CenteringOptions) {
    this.centering = centering(training, options);
    const { x, y } = center(training, this.centering);
    this.y = y;
    const [n, p] = x.shape;
    const svd = new SVD(Matrix.from1DArray(n, p, x.data), { autoTranspose: true });
    const values = svd.diagonal;
    // A singular value below this is rounding error (the rank criterion of LAPACK and NumPy) and no direction of the data.
    const least = Math.max(...values) * Math.max(n, p) * Number.EPSILON;
    const rank = values.filter((s) => s > least).length;
    const order = values
      .map((_, i) => i)
      .sort((a, b) => values[b] - values[a])
      .slice(0, rank);
    const [u, v] = [svd.leftSingularVectors, svd.rightSingularVectors];
    this.curvature = Float64Array.from(order, (i) => values[i] ** 2);
    const build = (rows: number, columns: number, f: (row: number, column: number) => number) =>
      new Numbers(
        new Float64Array(rows * columns).map((_, i) => f(Math.floor(i / columns), i % columns)),
        [rows, columns],
      );
    this.basis = build(p, rank, (i, j) => v.get(i, order[j]));
    this.scores = build(rank, n, (j, i) => values[order[j]] * u.get(i, order[j]));
  }

  path(targets: readonly number[]): QuadraticPath {
    return new QuadraticPath({
      basis: this.basis,
      curvature: this.curvature,
      penalty: new Float64Array(this.curvature.length).fill(1),
      linear: fw.matMul(this.scores, takeColumns(this.y, targets)),
    });
  }

  center({ x, y }: Examples, targets: readonly number[]): Examples {
    const centered = center({ x, y }, this.centering);
    return { x: centered.x, y: takeColumns(centered.y, targets) };
  }
}
