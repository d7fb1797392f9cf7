import { checkOneOf } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import type { Bin, BinOptions } from './bins';
import { type Labels, type Rows, readProbabilities } from './predictions';
import { classBins, topLabelBins } from './reliabilityCurve';

/** Options of the calibration errors. */
export interface CalibrationErrorOptions extends BinOptions {
  /**
   * `'top-label'` (default): the confidence in the most probable class. `'classwise'`: the probability of every
   * class by itself.
   */
  mode?: 'top-label' | 'classwise';
}

/**
 * Expected calibration error, in [0, 1]: the mean distance between confidence and accuracy over bins, weighted by
 * their counts. `'classwise'` is the mean of that over the classes.
 *
 * The default (15 bins of equal width, top label) is the usual one. It is biased upwards on few examples.
 *
 * Source: C. Guo et al., *On calibration of modern neural networks*, ICML 2017; classwise: M. Kull et al.,
 * *Beyond temperature scaling*, NeurIPS 2019.
 * @example
 * ```ts
 * expectedCalibrationError([[0.9, 0.1], [0.3, 0.7]], [0, 1], { bins: 10, strategy: 'quantile' }); // 0.2
 * ```
 */
export function expectedCalibrationError(
  probabilities: Rows,
  labels: Labels,
  options: CalibrationErrorOptions = {},
): number {
  const curves = reliabilityCurves(probabilities, labels, options);
  const errors = curves.map((curve) =>
    curve.reduce((sum, bin) => sum + (bin.count / labels.length) * gap(bin), 0),
  );
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

/** Maximum calibration error, in [0, 1]: the largest distance between confidence and accuracy of any bin (of any class). */
export function maximumCalibrationError(
  probabilities: Rows,
  labels: Labels,
  options: CalibrationErrorOptions = {},
): number {
  return Math.max(...reliabilityCurves(probabilities, labels, options).flat().map(gap));
}

const gap = ({ confidence, accuracy }: Bin) => Math.abs(confidence - accuracy);

/** One curve for the top label, or one per class. */
function reliabilityCurves(probabilities: Rows, labels: Labels, options: CalibrationErrorOptions): Bin[][] {
  checkOptions('a calibration error', options, { bins: 1, strategy: 1, mode: 1 });
  const { mode = 'top-label' } = options;
  checkOneOf('mode', mode, ['top-label', 'classwise'], 'Leave it out for the default.');
  const predictions = readProbabilities(probabilities, labels);
  if (mode === 'top-label') return [topLabelBins(predictions, options)];
  return Array.from({ length: predictions.classes }, (_, k) => classBins(predictions, k, options));
}
