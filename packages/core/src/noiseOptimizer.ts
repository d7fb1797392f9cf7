import { checkAbove } from './argumentError';
import { adam, type OptimizerFactory } from './optimizer';
import { checkOptions } from './options';
import { elapsedShare, rhoStepTime, type Schedule } from './schedule';

/** Training steps that count as an e-fold for steps up, where an e-fold is longer. */
export const LONGEST_EFOLD = 2000;

/** How far σ may move in an e-fold of training time, in nats (factors of e). */
export interface NoiseOptimizerOptions {
  /** Towards less noise. Default 2. */
  maxDecrease?: number;
  /** Towards more noise, in an e-fold or 2,000 training steps, whichever is shorter, times the share of the gradient that is not noise. Default 4. */
  maxIncrease?: number;
}

/**
 * The optimizer of noise scales unless another is given: Adam in log σ with a rate that falls as 1/t, so that σ moves
 * equally far in every e-fold of training time. It needs neither the length of the run nor a rate that fits it: 100 steps
 * are enough to bring σ from its start to near zero, and in a run of any length σ comes to rest, slower than the weights
 * that have to follow it (the two time scales of stochastic approximation, Borkar 1997).
 *
 * It climbs faster than it falls. The gradient of the regularization loss is taken at fixed weights, so it sees what noise
 * costs now at once, and what noise is good for only when the network has begun to overfit: then there is no time to lose, however
 * late in the run that is. So it falls by the logarithm of time, and climbs by the time itself from step 2,000 on. It
 * does so only where the gradients agree, so that their noise does not raise σ (see `increaseGain` of {@link adam}).
 *
 * Source: docs/method.md, *Pace*.
 *
 * @throws ArgumentError for a bound that is not above 0.
 */
export function noiseOptimizer(
  schedule: Pick<Schedule, 'every'>,
  options: NoiseOptimizerOptions = {},
): OptimizerFactory {
  checkOptions('noiseOptimizer', options, { maxDecrease: 1, maxIncrease: 1 });
  const { maxDecrease = 2, maxIncrease = 4 } = options;
  checkAbove('maxDecrease', maxDecrease, 0, 'Use 2: σ may fall by e² while training time grows by e.');
  checkAbove('maxIncrease', maxIncrease, 0, 'Use 4.');
  const gain = maxIncrease / maxDecrease;
  return adam({
    learningRate: (step) => maxDecrease * elapsedShare(schedule, step),
    beta2: 0.99,
    increaseGain: (step) => gain * Math.max(1, rhoStepTime(schedule, step) / LONGEST_EFOLD),
  });
}
