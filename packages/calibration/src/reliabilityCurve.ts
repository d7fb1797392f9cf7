import { refuse } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import { type Bin, type BinOptions, binConfidences } from './bins';
import { argMax, type Labels, type Predictions, type Rows, readProbabilities } from './predictions';

/** Options of {@link reliabilityCurve}. */
export interface ReliabilityCurveOptions extends BinOptions {
  /** The curve of this class's probability, instead of the most probable class. */
  class?: number;
}

/**
 * Confidence against accuracy, bin by bin: of the most probable class (default), or of one class. On a calibrated
 * model the two agree in every bin. Empty bins are left out.
 *
 * Source: A. Niculescu-Mizil, R. Caruana, *Predicting good probabilities with supervised learning*, ICML 2005.
 * @example
 * ```ts
 * reliabilityCurve([[0.9, 0.1], [0.3, 0.7]], [0, 1]); // [{ lower, upper, count, confidence, accuracy }, …]
 * ```
 */
export function reliabilityCurve(
  probabilities: Rows,
  labels: Labels,
  options: ReliabilityCurveOptions = {},
): Bin[] {
  checkOptions('reliabilityCurve', options, { bins: 1, strategy: 1, class: 1 });
  const predictions = readProbabilities(probabilities, labels);
  if (options.class === undefined) return topLabelBins(predictions, options);
  if (!Number.isInteger(options.class) || options.class < 0 || options.class >= predictions.classes) {
    refuse(
      'class',
      options.class,
      `an integer from 0 to ${predictions.classes - 1}`,
      'Leave it out for the most probable class.',
    );
  }
  return classBins(predictions, options.class, options);
}

/** Bins of the confidence in the most probable class. */
export function topLabelBins(predictions: Predictions, options: BinOptions): Bin[] {
  const { values, labels, examples, classes } = predictions;
  const confidences = new Float64Array(examples);
  const hits = new Uint8Array(examples);
  for (let i = 0; i < examples; i++) {
    const best = argMax(predictions, i);
    confidences[i] = values[i * classes + best];
    hits[i] = best === labels[i] ? 1 : 0;
  }
  return binConfidences(confidences, hits, options);
}

/** Bins of the probability of class `k`. */
export function classBins(predictions: Predictions, k: number, options: BinOptions): Bin[] {
  const { values, labels, examples, classes } = predictions;
  const confidences = Float64Array.from({ length: examples }, (_, i) => values[i * classes + k]);
  const hits = Uint8Array.from({ length: examples }, (_, i) => (labels[i] === k ? 1 : 0));
  return binConfidences(confidences, hits, options);
}
