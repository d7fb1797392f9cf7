import { refuse } from '../../../common/argumentError';
import { flatRows, type Rows } from './rows';

/**
 * Probabilities from logits, row by row, without overflow.
 *
 * @param classes Needed for a flat array: the length of its rows.
 * @returns Row-major, in the order given.
 */
export function softmax(logits: Rows, classes?: number): Float64Array {
  const { values, width } = flatRows('logits', logits, classes);
  const probabilities = new Float64Array(values.length);
  for (let start = 0; start < values.length; start += width) softmaxRow(values, start, width, probabilities);
  return probabilities;
}

/**
 * Logits that softmax turns back into these probabilities: their logarithms, with smaller ones counted as `epsilon`.
 * For scaling a model that gives probabilities only.
 *
 * @param classes Needed for a flat array: the length of its rows.
 * @param epsilon Default 2⁻⁵².
 */
export function logitsOf(probabilities: Rows, classes?: number, epsilon = Number.EPSILON): Float64Array {
  const { values } = flatRows('probabilities', probabilities, classes);
  return Float64Array.from(values, (p, i) => {
    if (!(p >= 0))
      refuse(`probabilities[${i}]`, p, 'a number of at least 0', 'Give logits directly, without logitsOf().');
    return Math.log(Math.max(p, epsilon));
  });
}

/** σ(z) = 1/(1 + e⁻ᶻ), exact at both ends. */
export const sigmoid = (z: number): number => {
  const small = Math.exp(-Math.abs(z));
  return (z < 0 ? small : 1) / (1 + small);
};

/** Softmax of one row of `values`, into `out` at the same place. Returns the row's log-sum-exp. */
export function softmaxRow(
  values: ArrayLike<number>,
  start: number,
  width: number,
  out: Float64Array,
): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let k = start; k < start + width; k++) max = Math.max(max, values[k]);
  let sum = 0;
  for (let k = start; k < start + width; k++) {
    out[k] = Math.exp(values[k] - max);
    sum += out[k];
  }
  for (let k = start; k < start + width; k++) out[k] /= sum;
  return max + Math.log(sum);
}
