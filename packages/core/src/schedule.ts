import { checkAbove, checkInteger } from './argumentError';

/** When regularization steps happen and how many noise samples each averages. */
export interface Schedule {
  /** r: one ρ step every `every` training steps. Default 20. */
  every: number;
  /** K: noise samples per ρ step, whose predictions are averaged. Default 4. */
  samples: number;
  /** Training steps before the first ρ step. Default 0. */
  warmUp: number;
}

export const defaultSchedule: Schedule = { every: 20, samples: 4, warmUp: 0 };

/**
 * A complete schedule from a partial one.
 *
 * @throws ArgumentError for `every` or `samples` below 1, `warmUp` below 0, or anything not an integer.
 */
export function createSchedule(options: Partial<Schedule> = {}): Schedule {
  const schedule = { ...defaultSchedule, ...options };
  checkInteger(
    'every',
    schedule.every,
    1,
    'Use 1 for a ρ step after each training step, 20 for little overhead.',
  );
  checkInteger(
    'samples',
    schedule.samples,
    1,
    'Use 4; more samples cost more and make the ρ gradient less noisy.',
  );
  checkInteger('warmUp', schedule.warmUp, 0, 'Use 0 to let ρ move from the start.');
  return schedule;
}

/** Whether a ρ step follows the training step with this zero-based number. */
export function isRegularizationStep({ every, warmUp }: Schedule, trainingStep: number): boolean {
  return trainingStep >= warmUp && (trainingStep - warmUp + 1) % every === 0;
}

/**
 * The share that ρ steps add to plain training, from the cost model O(T(1 + K/r)) of method.md §1.
 *
 * A training step is a forward pass, an input gradient and a weight gradient, about three forward passes; a ρ step
 * needs no weight gradient, so about two for each of its K samples.
 *
 * @param batchRatio - examples in a ρ step over examples in a training batch (default 1).
 */
export function expectedOverhead({ every, samples }: Schedule, batchRatio = 1): number {
  checkAbove(
    'batchRatio',
    batchRatio,
    0,
    'It is the regularization batch size over the training batch size.',
  );
  return ((2 / 3) * samples * batchRatio) / every;
}
