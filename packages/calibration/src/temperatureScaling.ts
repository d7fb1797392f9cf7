import {
  againstZero,
  type Labels,
  type Predictions,
  type Rows,
  readLogits,
  readMoreLogits,
} from './predictions';
import { sigmoid, softmax, softmaxRow } from './softmax';

/** Temperatures are sought from 0.001 to 1000. */
const BOUND = Math.log(1000);

/** A fitted temperature. */
export interface TemperatureScaling {
  /** Logits are divided by this: above 1 it lowers confidence. From 0.001 to 1000. */
  temperature: number;
  /**
   * True if the likelihood is highest at an end of the range, so that `temperature` is that end: 0.001 if every label has the
   * largest logit already, 1000 if the logits say nothing about the labels.
   */
  atBound: boolean;
  /**
   * Calibrated probabilities for logits of the same classes, row-major; for one logit per example, the probabilities of class 1.
   *
   * @throws {ArgumentError} for rows of another width, or logits that are not finite.
   */
  apply(logits: Rows): Float64Array;
}

/**
 * Temperature scaling: the one number T for which softmax(logits / T) has the smallest negative log-likelihood.
 * Fit it on data that the model was not trained on and that is not used to report. Accuracy does not change.
 *
 * The likelihood is convex in 1/T, so its derivative has one sign change: Newton's method on log T, kept inside a
 * bracket by bisection, finds it to machine precision.
 *
 * Where the logits of every example are equal, every temperature gives the same probabilities, and T is 1.
 *
 * Source: C. Guo et al., *On calibration of modern neural networks*, ICML 2017.
 *
 * @param logits One row per example with a logit per class, or for a single sigmoid output one logit per example, for which it is
 *   sigmoid(logit / T). {@link logitsOf} turns probabilities into logits.
 * @throws {ArgumentError} for logits that are not finite and labels that are no class index.
 *
 * @example temperatureScaling([[2, 0], [1, 3]], [0, 1]).apply([[1, 0]]) // softmax([1, 0] / T)
 * @example temperatureScaling([2, -1, 0.5], [1, 0, 0]).apply([1]) // sigmoid(1 / T)
 */
export function temperatureScaling(logits: Rows, labels: Labels): TemperatureScaling {
  const predictions = readLogits(logits, labels);
  const { classes } = predictions;
  const { logTemperature, atBound } = solve(classes === 1 ? againstZero(predictions) : predictions);
  const temperature = Math.exp(logTemperature);
  return {
    temperature,
    atBound,
    apply(others) {
      const scaled = Float64Array.from(readMoreLogits(others, classes), (z) => z / temperature);
      return classes === 1 ? scaled.map(sigmoid) : softmax(scaled, classes);
    },
  };
}

function solve(predictions: Predictions): { logTemperature: number; atBound: boolean } {
  if (isConstant(predictions)) return { logTemperature: 0, atBound: false };
  let lower = -BOUND;
  let upper = BOUND;
  if (slope(predictions, lower).value >= 0) return { logTemperature: lower, atBound: true };
  if (slope(predictions, upper).value <= 0) return { logTemperature: upper, atBound: true };
  let at = 0;
  for (let iteration = 0; iteration < 200 && upper - lower > 1e-14; iteration++) {
    const { value, derivative } = slope(predictions, at);
    if (value < 0) lower = at;
    else upper = at;
    const newton = at - value / derivative;
    const next = newton > lower && newton < upper ? newton : (lower + upper) / 2;
    if (Math.abs(next - at) < 1e-14) break;
    at = next;
  }
  return { logTemperature: at, atBound: false };
}

/** Whether no example prefers a class: the logits of each differ by rounding at most. */
function isConstant({ values, examples, classes }: Predictions): boolean {
  for (let i = 0; i < examples; i++) {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let k = 0; k < classes; k++) {
      low = Math.min(low, values[i * classes + k]);
      high = Math.max(high, values[i * classes + k]);
    }
    if (high - low > 4 * Number.EPSILON * Math.max(Math.abs(low), Math.abs(high))) return false;
  }
  return true;
}

/**
 * A function of t = log T with the sign of the likelihood's derivative, and its own derivative: the mean of
 * z_label − E z under softmax(z / T). Its derivative is the mean variance of z, over T.
 */
function slope({ values, labels, examples, classes }: Predictions, t: number) {
  const inverse = Math.exp(-t);
  const row = new Float64Array(classes);
  let value = 0;
  let derivative = 0;
  for (let i = 0; i < examples; i++) {
    for (let k = 0; k < classes; k++) row[k] = values[i * classes + k] * inverse;
    softmaxRow(row, 0, classes, row);
    const label = values[i * classes + labels[i]];
    let mean = 0;
    let square = 0;
    for (let k = 0; k < classes; k++) {
      const distance = label - values[i * classes + k];
      mean += row[k] * distance;
      square += row[k] * distance * distance;
    }
    value += mean;
    derivative += (square - mean * mean) * inverse;
  }
  return { value: value / examples, derivative: derivative / examples };
}
