import { minimize } from './minimize';
import {
  againstZero,
  type Labels,
  type Predictions,
  type Rows,
  readLogits,
  readMoreLogits,
} from './predictions';
import { sigmoid, softmax, softmaxRow } from './softmax';

/** A fitted scale and shift of every class's logit. */
export interface VectorScaling {
  /** Factor of each class's logit. */
  weights: Float64Array;
  /** What is added to each class's logit; they sum to 0, unless there is one logit per example. */
  biases: Float64Array;
  /**
   * False if there is no minimum, or 1,000 iterations did not reach it. There is none where some scaling separates a
   * class from the others without error, or a class has no example: the likelihood rises forever as the weights grow,
   * and those given say only where the search ended. Then fit on more examples, or use temperature scaling.
   */
  converged: boolean;
  /**
   * Calibrated probabilities for logits of the same classes, row-major; for one logit per example, the probabilities of class 1.
   *
   * @throws {ArgumentError} for rows of another width, or logits that are not finite.
   */
  apply(logits: Rows): Float64Array;
}

/**
 * Vector scaling: softmax(weights ⊙ logits + biases) with the smallest negative log-likelihood. It has two numbers per
 * class, so it needs more held-out data than temperature scaling, and it can change which class wins.
 *
 * Source: C. Guo et al., *On calibration of modern neural networks*, ICML 2017. The problem is convex; it is solved
 * by L-BFGS in units of the spread of each logit, so that their size and offset do not matter.
 *
 * @param logits One row per example with a logit per class, or for a single sigmoid output one logit per example, for which it is
 *   sigmoid(weight · logit + bias), Platt scaling. {@link logitsOf} turns probabilities into logits.
 * @throws {ArgumentError} for logits that are not finite and labels that are no class index.
 * @example
 * ```ts
 * vectorScaling([[2, 0], [1, 3], [0, 1], [3, 1]], [0, 1, 0, 1]).apply([[1, 0]]); // calibrated probabilities
 * ```
 */
export function vectorScaling(logits: Rows, labels: Labels): VectorScaling {
  const given = readLogits(logits, labels);
  const { values, examples, classes } = given.classes === 1 ? againstZero(given) : given;
  const units = unitsOf(values, classes);
  const standard = inUnits(values, units);
  const row = new Float64Array(classes);
  const scale = (parameters: Float64Array, source: Float64Array, i: number) => {
    for (let k = 0; k < classes; k++) {
      row[k] = parameters[k] * source[i * classes + k] + parameters[classes + k];
    }
  };
  const loss = (parameters: Float64Array, gradient: Float64Array) => {
    gradient.fill(0);
    let sum = 0;
    for (let i = 0; i < examples; i++) {
      scale(parameters, standard, i);
      const label = row[labels[i]];
      sum += softmaxRow(row, 0, classes, row) - label;
      for (let k = 0; k < classes; k++) {
        const error = (row[k] - (labels[i] === k ? 1 : 0)) / examples;
        gradient[k] += error * standard[i * classes + k];
        gradient[classes + k] += error;
      }
    }
    return sum / examples;
  };
  const { point, converged } = minimize(loss, new Float64Array(2 * classes).fill(1, 0, classes));
  const scaled = (source: Float64Array) => {
    const result = new Float64Array(source.length);
    for (let i = 0; i < source.length / classes; i++) {
      scale(point, source, i);
      result.set(row, i * classes);
    }
    return result;
  };
  const weights = units.spread.map((spread, k) => point[k] / spread);
  const biases = centered(units.mean.map((mean, k) => point[classes + k] - weights[k] * mean));
  const fit = { values, labels, examples, classes };
  const ends =
    converged &&
    !allRight({ ...fit, values: scaled(standard) }) &&
    !Array.from({ length: classes }, (_, k) => k).some((k) => standsApart(fit, k));
  if (given.classes === 1) {
    const [weight, bias] = [weights[1], biases[1] - biases[0]];
    return {
      weights: Float64Array.of(weight),
      biases: Float64Array.of(bias),
      converged: ends,
      apply: (others) => Float64Array.from(readMoreLogits(others, 1), (z) => sigmoid(weight * z + bias)),
    };
  }
  return {
    weights,
    biases,
    converged: ends,
    apply: (others) => softmax(scaled(inUnits(readMoreLogits(others, classes), units)), classes),
  };
}

/** For each class, the mean of its logits and their mean distance from it, or 1 where they are all the same. */
interface Units {
  mean: Float64Array;
  spread: Float64Array;
}

function unitsOf(values: ArrayLike<number>, classes: number): Units {
  const examples = values.length / classes;
  const mean = new Float64Array(classes);
  const spread = new Float64Array(classes);
  for (let k = 0; k < classes; k++) {
    // Around the first value, so that a constant has exactly its value for a mean.
    for (let i = k; i < values.length; i += classes) mean[k] += (values[i] - values[k]) / examples;
    mean[k] += values[k];
    for (let i = k; i < values.length; i += classes) spread[k] += Math.abs(values[i] - mean[k]) / examples;
    spread[k] ||= 1;
  }
  return { mean, spread };
}

/** Logits minus their means, in units of their spread: the search then takes the same steps for logits of any size and offset. */
const inUnits = (values: ArrayLike<number>, { mean, spread }: Units): Float64Array =>
  Float64Array.from(values, (z, i) => (z - mean[i % mean.length]) / spread[i % mean.length]);

/** Numbers shifted so that they sum to 0. */
function centered(numbers: Float64Array): Float64Array {
  const mean = numbers.reduce((sum, v) => sum + v / numbers.length, 0);
  return numbers.map((v) => v - mean);
}

/** Whether the label has the largest number in every row: the same scaling, ever larger, leads to probabilities of 1. */
function allRight({ values, labels, examples, classes }: Predictions): boolean {
  for (let i = 0; i < examples; i++) {
    const label = values[i * classes + labels[i]];
    for (let k = 0; k < classes; k++) {
      if (k !== labels[i] && !(values[i * classes + k] < label)) return false;
    }
  }
  return true;
}

/**
 * Whether a threshold on logit k alone tells the examples of class k from all others, or there are none: an ever steeper
 * scaling of that logit costs nothing then.
 */
function standsApart({ values, labels, examples, classes }: Predictions, k: number): boolean {
  const inside = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const outside = [...inside];
  for (let i = 0; i < examples; i++) {
    const part = labels[i] === k ? inside : outside;
    part[0] = Math.min(part[0], values[i * classes + k]);
    part[1] = Math.max(part[1], values[i * classes + k]);
  }
  const spread = Math.max(inside[1], outside[1]) > Math.min(inside[0], outside[0]);
  const apart = inside[0] >= outside[1] || inside[1] <= outside[0];
  return inside[0] > inside[1] || (spread && apart);
}
