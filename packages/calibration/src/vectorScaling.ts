import { minimize } from './minimize';
import { type Labels, type Rows, readLogits } from './predictions';
import { flatRows, softmax, softmaxRow } from './softmax';

/** A fitted scale and shift of every class's logit. */
export interface VectorScaling {
  /** Factor of each class's logit. */
  weights: Float64Array;
  /** What is added to each class's logit; they sum to 0. */
  biases: Float64Array;
  /**
   * False if 1,000 iterations did not reach the minimum, as when the examples are so few that some scaling
   * separates them without error: then fit on more, or use temperature scaling.
   */
  converged: boolean;
  /** Calibrated probabilities for logits of the same classes: row-major. */
  apply(logits: Rows): Float64Array;
}

/**
 * Vector scaling: softmax(weights ⊙ logits + biases) with the smallest negative log-likelihood. Two numbers a class,
 * so it needs more held-out data than temperature scaling, and it can change which class wins.
 *
 * Source: C. Guo et al., *On calibration of modern neural networks*, ICML 2017. The problem is convex; it is solved
 * by L-BFGS from weights 1 and biases 0.
 *
 * @param logits Of probabilities, {@link logitsOf} makes logits.
 * @throws {ArgumentError} for logits that are not finite and labels that are no class index.
 */
export function vectorScaling(logits: Rows, labels: Labels): VectorScaling {
  const { values, examples, classes } = readLogits(logits, labels);
  const row = new Float64Array(classes);
  const scale = (parameters: Float64Array, source: ArrayLike<number>, i: number) => {
    for (let k = 0; k < classes; k++) {
      row[k] = parameters[k] * source[i * classes + k] + parameters[classes + k];
    }
  };
  const loss = (parameters: Float64Array, gradient: Float64Array) => {
    gradient.fill(0);
    let sum = 0;
    for (let i = 0; i < examples; i++) {
      scale(parameters, values, i);
      const label = row[labels[i]];
      sum += softmaxRow(row, 0, classes, row) - label;
      for (let k = 0; k < classes; k++) {
        const error = (row[k] - (labels[i] === k ? 1 : 0)) / examples;
        gradient[k] += error * values[i * classes + k];
        gradient[classes + k] += error;
      }
    }
    return sum / examples;
  };
  const identity = new Float64Array(2 * classes).fill(1, 0, classes);
  const { point, converged } = minimize(loss, identity);
  return {
    weights: point.slice(0, classes),
    biases: point.slice(classes),
    converged,
    apply(others) {
      const source = flatRows('logits', others, classes).values;
      const scaled = new Float64Array(source.length);
      for (let i = 0; i < source.length / classes; i++) {
        scale(point, source, i);
        scaled.set(row, i * classes);
      }
      return softmax(scaled, classes);
    },
  };
}
