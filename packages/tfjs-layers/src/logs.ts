import { isRegularizationStep, type RegularizationRecord, type Schedule } from '@crossreg/core';
import type { Logs } from '@tensorflow/tfjs-layers';

/**
 * Adds to the logs of an epoch, as callbacks of Keras do: `regularization_loss`, the mean over the ρ steps of the epoch, and
 * every σ and level by its name in the history, see {@link logName}. An epoch without a ρ step repeats the last values; before
 * the first ρ step there are none.
 *
 * @param from - ρ steps before the epoch.
 */
export function addToLogs(logs: Logs, { loss, rho }: RegularizationRecord, from: number): void {
  const finite = (losses: readonly number[]) => losses.filter(Number.isFinite);
  const taken = finite(loss.slice(from));
  const recent = taken.length > 0 ? taken : finite(loss).slice(-1);
  if (recent.length === 0) return;
  logs.regularization_loss = recent.reduce((sum, one) => sum + one, 0) / recent.length;
  for (const [name, { value }] of Object.entries(rho)) logs[logName(name)] = value[value.length - 1];
}

/**
 * The name of a regularization parameter in logs: `hidden_l2` for `hidden/l2`. tfjs-vis uses it in a CSS selector, and silently
 * draws nothing if it is not an identifier.
 */
export const logName = (name: string): string => name.replace(/[^\w-]/g, '_').replace(/^(?=\d)/, '_');

/** Why no ρ step has changed anything, and what to do; undefined if one has. */
export function whyNothing(
  { step, skipped }: RegularizationRecord,
  schedule: Schedule,
  trainingSteps: number,
): string | undefined {
  if (trainingSteps === 0)
    return 'training had no batch. Look whether the data set yields any, in every epoch, and whether epochs is above initialEpoch.';
  if (step.length === 0) {
    let first = 0;
    while (!isRegularizationStep(schedule, first)) first += 1;
    return (
      `training had ${trainingSteps} steps, and the first ρ step is after ${first + 1} (every: ${schedule.every}, ` +
      `warmUp: ${schedule.warmUp}). Set every: ${Math.max(1, Math.floor(trainingSteps / 20))} and warmUp: 0, or train for longer.`
    );
  }
  if (skipped < step.length) return undefined;
  return (
    `all ${step.length} ρ steps were skipped, because the regularization loss or its gradient was not finite. Look for NaN ` +
    'and infinities in regularizationData, and for a loss that takes logarithms of 0.'
  );
}
