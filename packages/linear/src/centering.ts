import { Array64 } from '@crossreg/core';
import { checkOneOf } from '@crossreg/core/internal';
import type { Examples } from './holdOut';

export interface CenteringOptions {
  /** Fit an intercept, outside the penalty. Default true. */
  fitIntercept?: boolean;
  /**
   * Divide every column by its standard deviation (of the population, as scikit-learn's `StandardScaler`; 1 where it
   * is 0), so that ρ measures coefficients of standardized columns. Coefficients come back in the units of X.
   * Default false.
   */
  standardize?: boolean;
}

/** @throws ArgumentError for values that are not allowed. */
export function checkCentering({ fitIntercept = true, standardize = false }: CenteringOptions): void {
  checkOneOf('fitIntercept', fitIntercept, [true, false], 'Use true, unless the data are centered.');
  checkOneOf('standardize', standardize, [true, false], 'Use true for columns in different units.');
}

/** The map from columns and targets to the ones that are fitted, learned from training examples. */
export interface Centering {
  /** Subtracted from the columns of X; zeros without an intercept. */
  mean: Float64Array;
  /** Divided by after that. */
  scale: Float64Array;
  /** Subtracted from the targets. */
  targetMean: Float64Array;
}

export function centering(
  { x, y }: Examples,
  { fitIntercept = true, standardize = false }: CenteringOptions,
): Centering {
  const { mean, deviation } = moments(x);
  const zeros = (like: Float64Array) => new Float64Array(like.length);
  const targetMean = moments(y).mean;
  return {
    mean: fitIntercept ? mean : zeros(mean),
    scale: standardize ? deviation.map((s) => s || 1) : zeros(mean).fill(1),
    targetMean: fitIntercept ? targetMean : zeros(targetMean),
  };
}

/** Examples as the fit sees them. A column that is constant is exactly zero, whatever its mean rounds to. */
export function center({ x, y }: Examples, { mean, scale, targetMean }: Centering): Examples {
  return { x: shift(x, mean, scale), y: shift(y, targetMean) };
}

/** Coefficients `[columns, targets]` of centered columns in the units of X, target by target, and the intercepts. */
export function uncenter(
  { data, shape: [columns, targets] }: Array64,
  { mean, scale, targetMean }: Centering,
): { coefficients: Float64Array; intercepts: Float64Array } {
  const coefficients = new Float64Array(data.length);
  const intercepts = targetMean.slice();
  for (let j = 0; j < columns; j++) {
    for (let k = 0; k < targets; k++) {
      const w = data[j * targets + k] / scale[j];
      coefficients[k * columns + j] = w;
      intercepts[k] -= w * mean[j];
    }
  }
  return { coefficients, intercepts };
}

function shift({ data, shape }: Array64, by: Float64Array, scale?: Float64Array): Array64 {
  const columns = shape[1];
  return new Array64(
    data.map((v, i) => (v - by[i % columns]) / (scale ? scale[i % columns] : 1)),
    shape,
  );
}

function moments({ data, shape: [rows, columns] }: Array64) {
  const mean = new Float64Array(columns);
  const deviation = new Float64Array(columns);
  for (let j = 0; j < columns; j++) {
    // Around the first value, so that a constant column has exactly its value for a mean and no deviation.
    const first = data[j];
    let sum = 0;
    for (let i = j; i < data.length; i += columns) sum += data[i] - first;
    mean[j] = first + sum / rows;
    let squares = 0;
    for (let i = j; i < data.length; i += columns) squares += (data[i] - mean[j]) ** 2;
    deviation[j] = Math.sqrt(squares / rows);
  }
  return { mean, deviation };
}
