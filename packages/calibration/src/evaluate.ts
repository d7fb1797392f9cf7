import { accuracy } from './accuracy';
import { brierScore } from './brierScore';
import { expectedCalibrationError } from './calibrationError';
import { negativeLogLikelihood } from './negativeLogLikelihood';
import type { Labels, Rows } from './predictions';

/** Four metrics of a model. */
export interface Evaluation {
  /** In [0, 1]. */
  accuracy: number;
  /** Negative log-likelihood, nats. */
  nll: number;
  /** Brier score, in [0, 2]. */
  brier: number;
  /** Expected calibration error: 15 equal-width bins of the top label. */
  ece: number;
}

/**
 * Accuracy, negative log-likelihood, Brier score and expected calibration error, each at its defaults.
 *
 * @example
 * ```ts
 * evaluate([[0.9, 0.1], [0.3, 0.7]], [0, 1]); // { accuracy: 1, nll: 0.231, brier: 0.1, ece: 0.2 }
 * ```
 */
export function evaluate(probabilities: Rows, labels: Labels): Evaluation {
  return {
    accuracy: accuracy(probabilities, labels),
    nll: negativeLogLikelihood(probabilities, labels),
    brier: brierScore(probabilities, labels),
    ece: expectedCalibrationError(probabilities, labels),
  };
}
