import { ArgumentError, float64 as fw } from '@crossreg/core';
import { checkInteger, checkOptions } from '@crossreg/core/internal';
import { Estimator, type Fitted } from './estimator';
import { type HoldOut, pair, splitExamples } from './holdOut';
import { checkLearning, type LearningOptions, learnRho } from './learnRho';
import { SplineBasis } from './splineBasis';
import { toNumbers } from './table';

export interface SmoothingSplineOptions extends LearningOptions {
  /**
   * The largest number of knots, at quantiles of the training points. With one knot per different point the fit is the
   * smoothing spline. Fewer knots give a penalized regression spline, which hardly differs where λ has an effect. Default 100.
   */
  knots?: number;
}

interface FittedSpline extends Fitted {
  knotPositions: Float64Array;
  curve(at: Float64Array): Float64Array;
}

/**
 * A smoothing spline with a learned smoothness: of all cubic splines of roughness ρ = ½∫f''² the one that minimizes the squared
 * error on training data, where ρ is learned on held-out data. Straight lines have no roughness. Beyond the training points the
 * spline continues as a line.
 *
 * `lambda` is that of SciPy's `make_smoothing_spline`: Σ(y − f(x))² + λ∫f''². Deterministic.
 *
 * Source: Stein Brito 2025, §2; method.md §2.
 * @example
 * ```ts
 * const x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
 * const curve = new SmoothingSpline().fit(x, x.map(Math.sin), { folds: 5 });
 * curve.predict([2.5]);
 * ```
 */
export class SmoothingSpline extends Estimator<FittedSpline> {
  constructor(readonly options: SmoothingSplineOptions = {}) {
    super('SmoothingSpline');
    checkOptions('SmoothingSpline', options, { gradient: 1, earlyStopping: 1, knots: 1 });
    checkInteger('knots', options.knots ?? 100, 2, 'Use 100.');
    checkLearning(options);
  }

  /**
   * Learns the curve and ρ.
   *
   * @param x - n numbers, in any order.
   * @param y - n numbers.
   * @throws ArgumentError for lists that do not fit each other, numbers that are not finite, or all x the same.
   */
  fit(
    x: ArrayLike<number>,
    y: ArrayLike<number>,
    holdOut: HoldOut<ArrayLike<number>, ArrayLike<number>> = {},
  ): this {
    const { training, splits } = splitExamples(column('x', x), y, asTables(holdOut));
    if (training.y.shape[1] !== 1) {
      throw new ArgumentError('y', `has ${training.y.shape[1]} targets. Fit one model per target.`);
    }
    const basis = new SplineBasis(training.x.data, this.options.knots ?? 100);
    const reference = basis.path(training);
    const paths = splits.map(({ training: own, validation }) => ({
      path: own === training ? reference : basis.path(own),
      validation: { x: basis.at(validation.x.data), y: validation.y },
    }));
    const { learned, point } = learnRho(reference, paths, basis.regularizer, this.options);
    // Inside, x is measured in units of its range, h: ∫f''² dx = h⁻³ ∫f''² dz.
    const unit = basis.range ** 3;
    const rescaled = {
      ...learned,
      rho: learned.rho / unit,
      lambda: learned.lambda * unit,
      history: learned.history.map(({ rho, lambda, loss, gradient }) => ({
        rho: rho / unit,
        lambda: lambda * unit,
        loss,
        gradient: gradient * unit,
      })),
    };
    this.fitted = {
      coefficients: Float64Array.from(point.weights.data),
      knotPositions: Float64Array.from(basis.knots, (z) => basis.first + basis.range * z),
      learned: [rescaled],
      curve: (at) => fw.matMul(basis.at(at), point.weights).data,
    };
    return this;
  }

  /** Where the cubic B-splines of `coefficients` have their knots, with fourfold ends. */
  get knotPositions(): Float64Array {
    return this.fitted.knotPositions;
  }

  /** The fitted curve at some points. */
  predict(x: ArrayLike<number>): Float64Array {
    const { curve } = this.fitted;
    return curve(toNumbers('x', x));
  }
}

const column = (argument: string, x: ArrayLike<number>) => {
  const data = toNumbers(argument, x);
  return { data, shape: [data.length, 1] };
};

/** Your own held-out points, if there are any, as a table of one column. */
function asTables(holdOut: HoldOut<ArrayLike<number>, ArrayLike<number>>): HoldOut {
  const { regularizationData, ...rest } = holdOut ?? {};
  if (regularizationData === undefined) return rest;
  const [x, y] = pair(regularizationData);
  return { ...rest, regularizationData: [column('regularizationData[0]', x), y] };
}
