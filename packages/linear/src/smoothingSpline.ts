import { ArgumentError, checkInteger, float64 as fw } from '@crossreg/core';
import { type HoldOut, plan } from './heldOut';
import { type LearnedRho, type LearningOptions, learnRho } from './learnRho';
import { SplineBasis } from './splineBasis';
import { checkFinite } from './table';

export interface SmoothingSplineOptions extends LearningOptions {
  /**
   * How many knots at most, at quantiles of the training points. With as many as there are different points the fit is
   * the smoothing spline; fewer make a penalized regression spline, hardly different where λ is felt. Default 100.
   */
  knots?: number;
}

/**
 * A smoothing spline whose smoothness is learned: the cubic spline that minimizes the squared error on training data
 * among those of roughness ρ = ½∫f''², with ρ learned on held-out data. Straight lines are free. Beyond the training
 * points it goes on as a line.
 *
 * `lambda` is that of SciPy's `make_smoothing_spline`: Σ(y − f(x))² + λ∫f''². Deterministic.
 *
 * Source: Stein Brito 2025, §2; method.md §2.
 */
export class SmoothingSpline {
  /** Of the cubic B-splines on `knotPositions`. */
  coefficients = new Float64Array();
  /** With fourfold ends. */
  knotPositions = new Float64Array();
  /** The learned roughness ρ = ½∫f''². */
  rho = Number.NaN;
  /** SciPy's `lam` for the same curve. */
  lambda = Number.NaN;
  /** Mean squared error on what is held out at the learned ρ, averaged over folds. */
  validationLoss = Number.NaN;
  /** Every ρ step, in the order taken. */
  history: LearnedRho['history'] = [];
  status: LearnedRho['status'] = 'at bound';
  /** Local minima of the validation loss along the path; the lowest was kept. */
  minima = 0;

  constructor(readonly options: SmoothingSplineOptions = {}) {
    checkInteger('knots', options.knots ?? 100, 2, 'Use 100.');
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
    const { regularizationData } = holdOut;
    const { training, rounds } = plan(column('x', x), y, {
      ...holdOut,
      regularizationData: regularizationData && [
        column('regularizationData[0]', regularizationData[0]),
        regularizationData[1],
      ],
    });
    const basis = new SplineBasis(training.x.data, this.options.knots ?? 100);
    const reference = basis.path(training);
    const judges = rounds.map(({ training: own, heldOut }) => ({
      path: own === training ? reference : basis.path(own),
      heldOut: { x: basis.at(heldOut.x.data), y: heldOut.y },
    }));
    const { learned, point } = learnRho(reference, judges, basis.regularizer, this.options);
    Object.assign(this, learned);
    // Inside, x is measured in units of its range, h: ∫f''² dx = h⁻³ ∫f''² dz.
    const unit = basis.range ** 3;
    this.rho = learned.rho / unit;
    this.lambda = learned.lambda * unit;
    this.history = learned.history.map(({ rho, lambda, loss, gradient }) => ({
      rho: rho / unit,
      lambda: lambda * unit,
      loss,
      gradient: gradient * unit,
    }));
    this.coefficients = Float64Array.from(point.weights.data);
    this.knotPositions = Float64Array.from(basis.knots, (z) => basis.first + basis.range * z);
    this.evaluate = (at) => fw.matMul(basis.at(at), point.weights).data;
    return this;
  }

  /** The fitted curve at some points. */
  predict(x: ArrayLike<number>): Float64Array {
    if (!this.evaluate) throw new Error('predict: nothing was fitted yet. Call fit first.');
    checkFinite('x', x);
    return this.evaluate(x);
  }

  private evaluate: ((x: ArrayLike<number>) => Float64Array) | undefined;
}

const column = (argument: string, x: ArrayLike<number>) => {
  if (!(x?.length > 0))
    throw new ArgumentError(argument, 'is empty. At least two different numbers are needed.');
  return { data: x, shape: [x.length, 1] };
};
