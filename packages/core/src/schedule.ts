import { checkAbove, checkInteger, refuse } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';

/** When regularization steps happen and how many noise samples each averages. */
export interface Schedule {
  /**
   * r: one ρ step every `every` training steps. Default `'auto'`: after each of the first 20 training steps, then at
   * intervals that grow with the run, up to one in 20 from step 400 on. So a run of 150 steps has 60 ρ steps, and a long
   * run does not pay for more than one in 20.
   */
  every: number | 'auto';
  /**
   * K: noise samples per ρ step, whose predictions are averaged. Default 4; even numbers are drawn in pairs ±ε. With fewer, the loss
   * prefers too little noise (docs/results.md, *Samples of a ρ step*).
   */
  samples: number;
  /** Training steps before the first ρ step. Default 0. */
  warmUp: number;
}

export const defaultSchedule: Schedule = { every: 'auto', samples: 4, warmUp: 0 };

/**
 * A complete schedule from a partial one.
 *
 * @throws ArgumentError for `every` or `samples` below 1, `warmUp` below 0, or anything not an integer.
 */
export function createSchedule(options: Partial<Schedule> = {}): Schedule {
  checkOptions('createSchedule', options, { every: 1, samples: 1, warmUp: 1 });
  const schedule = { ...defaultSchedule, ...options };
  const { every, samples, warmUp } = schedule;
  if (every !== 'auto' && !(Number.isInteger(every) && every >= 1)) {
    const advice =
      "Leave it out for 'auto', or use 1 for a ρ step after each training step, 20 for little overhead.";
    refuse('every', every, "'auto' or an integer of at least 1", advice);
  }
  checkInteger('samples', samples, 1, 'Use 4; more samples cost more and make the ρ gradient less noisy.');
  checkInteger('warmUp', warmUp, 0, 'Use 0 to let ρ move from the start.');
  return schedule;
}

/** The longest interval of `'auto'`, the number of first training steps with a ρ step each, and the time per unit of interval. */
const AUTO = 20;
/** Where intervals reach their longest. */
const EVEN = AUTO * AUTO;

/**
 * How many ρ steps have happened after `steps` training steps, as a real number whose whole part is the count. For
 * `'auto'` the interval at time t is t / 20, between 1 and 20 steps, so this is its integral of 1 / interval.
 */
function rhoTime(every: Schedule['every'], steps: number): number {
  if (every !== 'auto') return steps / every;
  if (steps <= AUTO) return steps;
  return AUTO + AUTO * Math.log(Math.min(steps, EVEN) / AUTO) + Math.max(0, steps - EVEN) / AUTO;
}

/** The inverse of {@link rhoTime}. */
function trainingTime(every: Schedule['every'], rhoSteps: number): number {
  if (every !== 'auto') return rhoSteps * every;
  if (rhoSteps <= AUTO) return rhoSteps;
  const even = rhoTime(every, EVEN);
  return rhoSteps <= even ? AUTO * Math.exp((rhoSteps - AUTO) / AUTO) : EVEN + (rhoSteps - even) * AUTO;
}

/** Whether a ρ step follows the training step with this zero-based number. */
export function isRegularizationStep({ every, warmUp }: Schedule, trainingStep: number): boolean {
  const steps = trainingStep - warmUp + 1;
  return steps > 0 && Math.floor(rhoTime(every, steps)) > Math.floor(rhoTime(every, steps - 1));
}

/** The time of the ρ step with this zero-based number, for its learning rate: training steps since the warm-up, plus 20. */
export const rhoStepTime = ({ every }: Pick<Schedule, 'every'>, rhoStep: number): number =>
  trainingTime(every, rhoStep + 1) + AUTO;

/**
 * The share of the time since the warm-up that lies between the ρ step of the given zero-based number and the one before
 * it: (tₖ − tₖ₋₁) / (tₖ + 20), with t counted in training steps. A ρ whose steps are in proportion to it moves equally far
 * in every e-fold of time, whatever the schedule and the length of the run.
 */
export const elapsedShare = (schedule: Pick<Schedule, 'every'>, rhoStep: number): number =>
  1 - rhoStepTime(schedule, rhoStep - 1) / rhoStepTime(schedule, rhoStep);

/**
 * The share that ρ steps add to plain training, from the cost model O(T(1 + K/r)) of method.md §1.
 *
 * A training step is a forward pass, an input gradient and a weight gradient, about three forward passes; a ρ step
 * needs no weight gradient, so about two for each of its K samples.
 *
 * @param batchRatio - examples in a ρ step over examples in a training batch (default 1).
 * @param steps - training steps of the run, without the warm-up (default 10,000); matters to `'auto'` only.
 */
export function expectedOverhead({ every, samples }: Schedule, batchRatio = 1, steps = 10_000): number {
  checkAbove(
    'batchRatio',
    batchRatio,
    0,
    'Give the regularization batch size divided by the training batch size.',
  );
  return (2 / 3) * samples * batchRatio * (rhoTime(every, steps) / steps);
}
