import { accuracy } from './accuracy';
import { brierScore } from './brierScore';
import { expectedCalibrationError } from './calibrationError';
import { negativeLogLikelihood } from './negativeLogLikelihood';
import type { Labels, Rows } from './predictions';

/** The four figures that are reported of a model. */
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

/** Accuracy, negative log-likelihood, Brier score and expected calibration error, each at its defaults. */
export function evaluate(probabilities: Rows, labels: Labels): Evaluation {
  return {
    accuracy: accuracy(probabilities, labels),
    nll: negativeLogLikelihood(probabilities, labels),
    brier: brierScore(probabilities, labels),
    ece: expectedCalibrationError(probabilities, labels),
  };
}
