import { ArgumentError, type Averaging, deriveSeed } from '@crossreg/core';
import {
  checkAveraging,
  checkInteger,
  checkOptions,
  checkSoftmaxWidth,
  StreamingMoments,
  show,
} from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import { checkTensors } from './checkTensors';
import { tfjs } from './framework';
import { addLogs, logitsOf, logProbabilities } from './logProbabilities';
import { NoiseStream, withNoise } from './noise';

export interface MonteCarloOptions {
  /** K: how many noise samples to average. Default 16. */
  samples?: number;
  /**
   * Examples per forward pass, rounded up to an even number. Memory grows with it, not with `samples`. The result does not
   * depend on it. Default 64.
   */
  batchSize?: number;
  /** Seed of the noise: the same seed and samples give the same numbers. Default 0. */
  seed?: number;
  /**
   * What the outputs are: one answer for all, or a list with one per output. Default `'probabilities'`: the plain mean, which
   * suits a regression too.
   */
  averaging?: Averaging | readonly Averaging[];
}

/** One array for each output of the model, in the shape of a single prediction. */
export interface Prediction {
  /** The averaged prediction (for logits: the log of the averaged softmax, or the logit of the averaged sigmoid). */
  mean: tf.Tensor;
  /** Unbiased variance over the noise samples; of the probabilities where the outputs are logits of either kind. */
  variance: tf.Tensor;
}

/**
 * The K-sample average of a stochastic network (method.md §3), computed batch by batch and one sample at a time. It needs the
 * memory of one forward pass and two arrays of outputs; nothing grows with K.
 *
 * @param forward - one stochastic forward pass of a batch; it draws its noise from `currentNoise()`.
 * @param inputs - arrays with examples on the first axis.
 * @returns one prediction per output of `forward`; the arrays are the caller's.
 * @throws ArgumentError for `samples` or `batchSize` below 1, an `averaging` that is unknown or does not fit the output, inputs
 *   without examples or with different numbers of them, and outputs that are not tensors with a row for each example.
 * @example
 * ```ts
 * const w = tf.ones([4, 3]);
 * const forward = ([x]) => [tf.softmax(tf.matMul(addNoise(x, tf.scalar(0.3), currentNoise().next()), w))];
 * const [{ mean, variance }] = monteCarloPredict(forward, [tf.ones([5, 4])], { samples: 16 });
 * ```
 */
export function monteCarloPredict(
  forward: (batch: tf.Tensor[]) => tf.Tensor[],
  inputs: readonly tf.Tensor[],
  options: MonteCarloOptions = {},
): Prediction[] {
  checkOptions('predict', options, { samples: 1, batchSize: 1, seed: 1, averaging: 1 });
  const { samples = 16, batchSize = 64, seed = 0, averaging = 'probabilities' } = options;
  checkInteger('samples', samples, 1, 'Use 16 for a smooth average, 1 for a single draw.');
  checkInteger('batchSize', batchSize, 1, 'Use 64.');
  for (const one of [averaging].flat()) checkAveraging('averaging', one);
  checkTensors('x', inputs);
  const examples = inputs[0]?.shape[0] ?? 0;
  if (examples === 0) throw new ArgumentError('x', 'has no examples. Give at least one, on the first axis.');
  const counts = inputs.map(({ shape }) => shape[0] ?? 0);
  if (counts.some((count) => count !== examples)) {
    throw new ArgumentError(
      'x',
      `has inputs of ${counts.join(' and ')} examples. Give all inputs the same number, on the first axis.`,
    );
  }
  // An even number, so that no batch begins in the middle of a pair of draws.
  const size = batchSize + (batchSize % 2);
  return tf.tidy(() => {
    const batches: Prediction[][] = [];
    for (let start = 0; start < examples; start += size) {
      const count = Math.min(size, examples - start);
      batches.push(
        tf.tidy(() => {
          const batch = inputs.map((x) => tf.slice(x, start, count));
          const averages: RunningAverage[] = [];
          for (let k = 0; k < samples; k++) {
            const stream = new NoiseStream(deriveSeed(seed, k), 0, start);
            // Only the outputs are kept: everything else of a pass is freed before the next one.
            const draws = tf.tidy(() =>
              withNoise(stream, () => outputsOf(forward, batch)).map((output, i, all) =>
                drawOf(output, kindOf(averaging, i, all.length)),
              ),
            );
            draws.forEach((draw, i) => {
              averages[i] ??= new RunningAverage(kindOf(averaging, i, draws.length));
              averages[i].add(draw);
            });
          }
          return averages.map((average) => average.finish());
        }),
      );
    }
    return batches[0].map((_, i) => ({
      mean: tf.concat(batches.map((batch) => batch[i].mean)),
      variance: tf.concat(batches.map((batch) => batch[i].variance)),
    }));
  });
}

/** The outputs of one pass, each with a row for every example of the batch. */
function outputsOf(forward: (batch: tf.Tensor[]) => tf.Tensor[], batch: tf.Tensor[]): tf.Tensor[] {
  const outputs: unknown = forward(batch);
  if (!Array.isArray(outputs) || outputs.length === 0) {
    throw new ArgumentError(
      'forward',
      `must return a list of tensors, but returned ${show(outputs)}. Write [ ] around a single one.`,
    );
  }
  checkTensors('forward', outputs);
  const [examples] = batch[0].shape;
  const other = outputs.find(({ shape }) => shape[0] !== examples);
  if (!other) return outputs;
  throw new ArgumentError(
    'forward',
    `returns an output [${other.shape}] for a batch of ${examples} examples. Return a row for each example, on the first axis.`,
  );
}

function kindOf(averaging: Averaging | readonly Averaging[], output: number, outputs: number): Averaging {
  if (typeof averaging === 'string') return averaging;
  if (averaging.length === outputs) return averaging[output];
  throw new ArgumentError(
    'averaging',
    `has ${averaging.length} entries, but the model has ${outputs} output${outputs === 1 ? '' : 's'}. Give one for each output, or a single one for all.`,
  );
}

/** What is averaged of an output. */
type Draw = {
  /** The output or, if it is logits, its probabilities; a new array [1, …]. */
  value: tf.Tensor;
  /**
   * The logarithms of these probabilities. A probability below 1e-45 is 0 in float32, and the logit of the average would be
   * infinite.
   */
  logs?: tf.Tensor;
};

function drawOf(output: tf.Tensor, averaging: Averaging): Draw {
  checkSoftmaxWidth('averaging', averaging, output.shape[output.rank - 1]);
  const logs = logProbabilities(output, averaging);
  if (!logs) return { value: tf.expandDims(output, 0) };
  const probabilities = averaging === 'logits' ? tf.exp(logs) : tf.sigmoid(output);
  return { value: tf.expandDims(probabilities, 0), logs };
}

/** The average of the draws of one output, which arrive one at a time. */
class RunningAverage {
  private readonly moments = new StreamingMoments(tfjs);
  private sum: tf.Tensor | undefined;

  constructor(private readonly averaging: Averaging) {}

  /** Takes a draw over: its arrays are freed. */
  add({ value, logs }: Draw): void {
    this.moments.add(value);
    value.dispose();
    const before = this.sum;
    if (!logs || !before) {
      this.sum = logs;
      return;
    }
    this.sum = tf.tidy(() => addLogs(before, logs));
    tf.dispose([before, logs]);
  }

  finish() {
    const { mean, variance } = this.moments.finish();
    return { mean: this.sum ? logitsOf(this.sum, this.averaging) : mean, variance };
  }
}
