import { checkInteger, checkOneOf, refuse } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import { type Labels, type Rows, readProbabilities } from './predictions';

/** How {@link bootstrapInterval} resamples. */
export interface BootstrapOptions {
  /** Default 1000. */
  resamples?: number;
  /** Probability that the interval should cover. Default 0.95. */
  confidenceLevel?: number;
  /**
   * `'percentile'` (default): quantiles of the resampled statistic. `'basic'`: the same mirrored at the estimate,
   * which removes the bias that resampling adds, as to calibration errors.
   */
  method?: 'percentile' | 'basic';
  /** The same seed gives the same interval. Default 0. */
  seed?: number;
}

/** A statistic and its uncertainty. */
export interface BootstrapInterval {
  /** The statistic of the examples given. */
  estimate: number;
  lower: number;
  upper: number;
  /** Standard deviation over the resamples. */
  standardError: number;
}

/**
 * Bootstrap interval of any of this package's metrics: examples are drawn with replacement.
 *
 * Source: B. Efron, R. Tibshirani, *An Introduction to the Bootstrap*, 1993, chapter 13.
 *
 * @example bootstrapInterval(expectedCalibrationError, [[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]], [0, 1, 1], { method: 'basic' })
 */
export function bootstrapInterval(
  statistic: (probabilities: Float64Array, labels: Int32Array) => number,
  probabilities: Rows,
  labels: Labels,
  options: BootstrapOptions = {},
): BootstrapInterval {
  checkOptions('bootstrapInterval', options, { resamples: 1, confidenceLevel: 1, method: 1, seed: 1 });
  const { resamples = 1000, confidenceLevel = 0.95, method = 'percentile', seed = 0 } = options;
  checkInteger('resamples', resamples, 2, 'Use 1000.');
  checkInteger('seed', seed, 0, 'Use 0; a different seed gives different resamples.');
  checkOneOf('method', method, ['percentile', 'basic'], 'Leave it out for the default.');
  if (!(confidenceLevel > 0 && confidenceLevel < 1))
    refuse(
      'confidenceLevel',
      confidenceLevel,
      'a number between 0 and 1',
      'Use 0.95 for an interval of 95 %.',
    );
  if (typeof statistic !== 'function') {
    refuse('statistic', statistic, 'a function of probabilities and labels', 'Use accuracy, for example.');
  }
  const { values, examples, classes } = readProbabilities(probabilities, labels);
  const source = Float64Array.from(values);
  const estimate = checkNumber(statistic(source, Int32Array.from(labels)));

  const next = randomIndices(seed, examples);
  const drawnValues = new Float64Array(source.length);
  const drawnLabels = new Int32Array(examples);
  const draws = Float64Array.from({ length: resamples }, () => {
    for (let i = 0; i < examples; i++) {
      const from = next();
      drawnLabels[i] = labels[from];
      drawnValues.set(source.subarray(from * classes, (from + 1) * classes), i * classes);
    }
    return checkNumber(statistic(drawnValues, drawnLabels));
  }).sort();

  const low = quantile(draws, (1 - confidenceLevel) / 2);
  const high = quantile(draws, (1 + confidenceLevel) / 2);
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / resamples;
  const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / (resamples - 1);
  return {
    estimate,
    lower: method === 'basic' ? 2 * estimate - high : low,
    upper: method === 'basic' ? 2 * estimate - low : high,
    standardError: Math.sqrt(variance),
  };
}

/** Refuses NaN, without which quantiles would be those of fewer resamples than it seems. */
function checkNumber(value: unknown): number {
  if (typeof value === 'number' && !Number.isNaN(value)) return value;
  return refuse(
    'statistic',
    value,
    'a function that gives a number for every resample',
    'A resample may lack a class: use a statistic that does not need all of them.',
  );
}

/** The quantile of sorted numbers, linear between neighbours. */
function quantile(sorted: Float64Array, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

/** Random integers below `n`: a 32-bit counter through two rounds of multiply and xor-shift. */
function randomIndices(seed: number, n: number): () => number {
  const mix = (x: number) => {
    let h = x | 0;
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    return h ^ (h >>> 15);
  };
  const key = mix(seed + 0x9e3779b9);
  let counter = 0;
  return () => {
    counter = (counter + 1) | 0;
    return Math.floor((mix(mix(counter) ^ key) >>> 0) * 2 ** -32 * n);
  };
}
