import { type Averaging, averagePredictions } from '@crossreg/core';
import { checkAveraging, checkInteger, checkOptions } from '@crossreg/core/internal';
import { type Array as JaxArray, numpy as np } from '@jax-js/jax';
import { lift } from './lift';

export interface AveragedPredictionOptions {
  /** K: how many draws are averaged. Default 4. Even numbers are drawn as antithetic pairs ±ε. */
  samples?: number;
  /** What the outputs are. It decides how K of them are averaged. */
  averaging: Averaging;
}

/**
 * The average of K sampled predictions, on which the regularization loss is computed (docs/method.md §3). Probabilities are
 * averaged. For logits, the result is the log of the mean softmax (log-mean-exp), again a vector of logits. It is
 * differentiable, so the gradient of the loss reaches the noise. Never average K losses instead: that objective always prefers
 * σ = 0.
 *
 * All draws are one pass: the batch is repeated K times.
 *
 * @param forward - the network. It gets K copies of the batch, one below the other, and `antithetic`, which it passes on to
 *   {@link addNoise}.
 * @param x - `[rows, …]`. Consumed.
 * @param key - consumed.
 * @returns the average, in the shape of the outputs for `x`.
 * @throws ArgumentError for fewer samples than 1, or an unknown kind of average.
 * @example
 * const logits = averagedPrediction((x, key, antithetic) => forward(params, sigma, x, key, antithetic), x, key, {
 *   samples: 4,
 *   averaging: 'logits',
 * });
 */
export function averagedPrediction(
  forward: (x: JaxArray, key: JaxArray, antithetic: boolean) => JaxArray,
  x: JaxArray,
  key: JaxArray,
  options: AveragedPredictionOptions,
): JaxArray {
  checkOptions('averagedPrediction', options, { samples: 1, averaging: 1 });
  const { samples = 4 } = options;
  const averaging = checkAveraging('averaging', options.averaging);
  checkInteger('samples', samples, 1, 'Use 4.');
  const copies = np.tile(x, [samples, ...x.shape.slice(1).map(() => 1)]);
  const outputs = forward(copies, key, samples % 2 === 0);
  const [rows, ...rest] = outputs.shape;
  const draws = outputs.reshape([samples, rows / samples, ...rest]);
  return lift((framework, each) => averagePredictions(framework, each, averaging), draws);
}
