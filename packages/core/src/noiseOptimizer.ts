import { checkAbove } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import { adam, type OptimizerFactory } from './optimizer';
import { elapsedShare, rhoStepTime, type Schedule } from './schedule';

/** Training steps up to which σ rises more slowly, and from which on it rises in proportion to time. */
export const [EARLY_STEPS, LATE_STEPS] = [400, 2000];

/** How far log σ may move while training time grows by a factor of e (an e-fold). */
export interface NoiseOptimizerOptions {
  /** Downwards. Default 2. */
  maxDecrease?: number;
  /**
   * Upwards, times the share of the gradient that is signal. Before step 400 it is smaller, in proportion to the square of the
   * steps so far. After step 2,000 it holds for 2,000 steps instead of an e-fold. Default 4.
   */
  maxIncrease?: number;
}

/**
 * The default optimizer of noise scales: Adam in log σ. Its learning rate falls as 1/t, so that log σ moves equally far in
 * every e-fold of training time. It needs neither the length of the run nor a tuned rate. In 25 training steps σ can fall
 * from 0.15 to 0.03, and in a run of any length it settles. It moves more slowly than the weights, which have to follow it
 * (the two time scales of stochastic approximation, Borkar 1997).
 *
 * σ rises faster than it falls. The gradient of the regularization loss is taken at fixed weights. It measures what noise
 * costs now, and it shows a benefit only after the network has begun to overfit. σ then has to rise quickly, even late in a
 * long run. So log σ falls with the logarithm of time, and from step 2,000 on it can rise in proportion to time. It rises only
 * where the gradients agree, so that their noise does not raise σ (see `increaseGain` of {@link adam}).
 *
 * Before step 400 σ hardly rises: a network that has not yet learned what is in the data gains from noise, and noise would then
 * keep it from learning.
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
    increaseGain: (step) => {
      const time = rhoStepTime(schedule, step);
      return gain * Math.min(time / EARLY_STEPS, 1) ** 2 * Math.max(time / LATE_STEPS, 1);
    },
  });
}
