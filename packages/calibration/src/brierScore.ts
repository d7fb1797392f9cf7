import { checkOptions } from '../../../common/checkOptions';
import type { BinOptions } from './bins';
import { type Labels, type Rows, readProbabilities } from './predictions';
import { classBins } from './reliabilityCurve';

/**
 * Brier score in its original form, in [0, 2]: the mean squared distance between the row of probabilities and the
 * one-hot label. (On two classes, twice the one-column score that some libraries report.)
 *
 * Source: G. Brier, *Verification of forecasts expressed in terms of probability*, 1950.
 * @example
 * ```ts
 * brierScore([[0.9, 0.1], [0.3, 0.7]], [0, 1]); // 0.1
 * ```
 */
export function brierScore(probabilities: Rows, labels: Labels): number {
  const { values, examples, classes } = readProbabilities(probabilities, labels);
  let sum = 0;
  for (let i = 0; i < examples; i++) {
    for (let k = 0; k < classes; k++) {
      const error = values[i * classes + k] - (labels[i] === k ? 1 : 0);
      sum += error * error;
    }
  }
  return sum / examples;
}

/** The parts of a Brier score: `brier = reliability − resolution + uncertainty + withinBin`, exactly. */
export interface BrierDecomposition {
  /** The score itself. */
  brier: number;
  /** Squared distance between forecast and frequency in the bins: 0 on a calibrated model. Smaller is better. */
  reliability: number;
  /** How far the frequencies of the bins lie from the base rate. Larger is better. */
  resolution: number;
  /** Variance of the labels, which does not depend on the model. */
  uncertainty: number;
  /** What binning leaves over: variance of the forecasts within bins, less their covariance with the outcome, twice. */
  withinBin: number;
}

/**
 * Murphy's decomposition of the Brier score over bins of each class's probability, summed over the classes.
 *
 * Source: A. Murphy, *A new vector partition of the probability score*, 1973; the within-bin terms: D. Stephenson,
 * C. Coelho, I. Jolliffe, *Two extra components in the Brier score decomposition*, 2008.
 * @example
 * ```ts
 * brierDecomposition([[0.9, 0.1], [0.3, 0.7]], [0, 1]); // { reliability, resolution, uncertainty, withinBin }
 * ```
 */
export function brierDecomposition(
  probabilities: Rows,
  labels: Labels,
  options: BinOptions = {},
): BrierDecomposition {
  checkOptions('brierDecomposition', options, { bins: 1, strategy: 1 });
  const predictions = readProbabilities(probabilities, labels);
  const { examples, classes } = predictions;
  const brier = brierScore(probabilities, labels);
  let reliability = 0;
  let resolution = 0;
  let uncertainty = 0;
  for (let k = 0; k < classes; k++) {
    const curve = classBins(predictions, k, options);
    const rate = curve.reduce((sum, bin) => sum + (bin.count / examples) * bin.accuracy, 0);
    uncertainty += rate * (1 - rate);
    for (const { count, confidence, accuracy } of curve) {
      reliability += (count / examples) * (confidence - accuracy) ** 2;
      resolution += (count / examples) * (accuracy - rate) ** 2;
    }
  }
  return {
    brier,
    reliability,
    resolution,
    uncertainty,
    withinBin: brier - (reliability - resolution + uncertainty),
  };
}
