import { ArgumentError, checkOneOf } from '../../../common/argumentError';
import type { Framework } from './framework';

/**
 * The kind of a network's outputs, which decides how K of them become one prediction (method.md §3):
 *
 * - `'probabilities'`: class probabilities; their mean.
 * - `'logits'`: unnormalized log-probabilities over the last axis; the log of the mean of their softmax, which is
 *   again a valid vector of logits (log-mean-exp: no overflow, no underflow of the average).
 * - `'sigmoidLogits'`: a logit for each unit, as before a sigmoid; the logit of the mean of their sigmoid.
 * - `'mean'`: anything whose average makes sense, such as a regression; the mean.
 */
export type Averaging = 'probabilities' | 'logits' | 'sigmoidLogits' | 'mean';

const kinds: readonly Averaging[] = ['probabilities', 'logits', 'sigmoidLogits', 'mean'];

export function checkAveraging(argument: string, value: unknown): Averaging {
  const advice =
    "Use 'probabilities' after a softmax or sigmoid, 'logits' before a softmax, 'sigmoidLogits' before a sigmoid, " +
    "'mean' for a regression.";
  return checkOneOf(argument, value, kinds, advice);
}

/**
 * Refuses softmax logits over a single class: their softmax is 1 whatever they are, so neither a loss nor its gradient
 * would depend on the noise.
 *
 * @param classes - the size of the last axis.
 * @throws ArgumentError
 */
export function checkSoftmaxWidth(argument: string, averaging: Averaging, classes: number): void {
  if (averaging !== 'logits' || classes > 1) return;
  throw new ArgumentError(
    argument,
    "is 'logits' for an output of one unit, whose softmax is always 1. Use 'sigmoidLogits', or 'mean' for a regression.",
  );
}

/** log Σ eˣ over `axes`, those axes kept as 1, shifted by the maximum so that it neither overflows nor underflows. */
export function logSumExp<T>(framework: Framework<T>, x: T, axes: readonly number[]): T {
  const shift = framework.stopGradient(framework.max(x, axes, true));
  const total = framework.sum(framework.exp(framework.sub(x, shift)), axes, true);
  return framework.add(framework.log(total), shift);
}

/** log(1/K Σₖ e^(xₖ)) of an array [K, …] of log-values, over the leading axis. */
export function logMeanExp<T>(framework: Framework<T>, x: T): T {
  const [samples, ...rest] = framework.shape(x);
  const summed = framework.reshape(logSumExp(framework, x, [0]), rest);
  return framework.sub(summed, framework.array(Math.log(samples)));
}

/**
 * One prediction from K sampled ones, [K, …] → […]. Differentiable, so that the loss of the *averaged* prediction
 * can be followed back to the noise. Never average the K losses instead: that objective always prefers σ = 0.
 *
 * @throws ArgumentError for `'logits'` over a last axis of 1.
 */
export function averagePredictions<T>(framework: Framework<T>, samples: T, averaging: Averaging): T {
  if (averaging === 'logits') {
    const shape = framework.shape(samples);
    const last = shape.length - 1;
    checkSoftmaxWidth('averaging', averaging, shape[last]);
    return logMeanExp(framework, framework.sub(samples, logSumExp(framework, samples, [last])));
  }
  if (averaging === 'sigmoidLogits') {
    const zero = framework.array(0);
    // log p of a logit z is −softplus(−z), and log (1 − p) is −softplus(z): both keep their digits where p is near 0 or 1.
    const log = (z: T) =>
      logMeanExp(framework, framework.sub(zero, framework.softplus(framework.sub(zero, z))));
    return framework.sub(log(samples), log(framework.sub(zero, samples)));
  }
  return framework.div(framework.sum(samples, [0]), framework.array(framework.shape(samples)[0]));
}

/**
 * Mean and variance of predictions that arrive a chunk at a time (Chan, Golub & LeVeque 1979): memory for two
 * arrays however many samples there are, and no cancellation as in E[x²] − E[x]².
 */
export class StreamingMoments<T> {
  private count = 0;
  private running: { mean: T; squares: T } | undefined;

  constructor(private readonly framework: Framework<T>) {}

  /** Takes in a chunk [k, …] of samples. The chunk stays the caller's. */
  add(chunk: T): void {
    const { framework: fw, running } = this;
    const [k] = fw.shape(chunk);
    const next = fw.tidy(() => {
      const mean = fw.div(fw.sum(chunk, [0]), fw.array(k));
      const deviation = fw.sub(chunk, mean);
      const squares = fw.sum(fw.mul(deviation, deviation), [0]);
      if (!running) return [mean, squares];
      const total = this.count + k;
      const shift = fw.sub(mean, running.mean);
      const between = fw.mul(fw.mul(shift, shift), fw.array((this.count * k) / total));
      return [
        fw.add(running.mean, fw.mul(shift, fw.array(k / total))),
        fw.add(fw.add(running.squares, squares), between),
      ];
    });
    if (running) fw.dispose([running.mean, running.squares]);
    this.running = { mean: next[0], squares: next[1] };
    this.count += k;
  }

  /**
   * The mean and the unbiased variance over all samples so far (variance 0 for a single one), each of a sample's
   * shape. Ends the stream: the arrays are the caller's.
   *
   * @throws Error if no sample was added.
   */
  finish(): { mean: T; variance: T } {
    const { framework: fw, running } = this;
    if (!running) throw new Error('StreamingMoments.finish: no sample was added.');
    const variance = fw.tidy(() => fw.div(running.squares, fw.array(Math.max(1, this.count - 1))));
    fw.dispose(running.squares);
    this.running = undefined;
    this.count = 0;
    return { mean: running.mean, variance };
  }
}
