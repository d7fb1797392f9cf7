import { ArgumentError, type Convergence, convergence, type RegularizationRecord } from '@crossreg/core';
import { show } from '@crossreg/core/internal';

/**
 * What can be drawn: `crossRegularization`, the trainer of `@crossreg/core`, or the record of either, which may come from JSON.
 */
export type ReportedRun = RegularizationRecord | { readonly history: RegularizationRecord };

/** A callback or the history of a trainer: its status knows the bounds of each parameter. */
interface HasStatus {
  status?(): Record<string, Convergence>;
}

/** Reads the numbers of a history that are still on the device: a trainer does not wait for them. */
export const flush = async (record: RegularizationRecord): Promise<void> =>
  (record as { flush?(): Promise<void> }).flush?.();

/** A run as figures need it. */
export interface Run {
  record: RegularizationRecord;
  /** By the name of each parameter. A record alone does not know the bounds, so it never says `at bound`. */
  status: Record<string, Convergence>;
}

/** @throws ArgumentError for anything that has no ρ steps to show. */
export async function readRun(given: ReportedRun): Promise<Run> {
  const record = (given as { history?: RegularizationRecord })?.history ?? (given as RegularizationRecord);
  if (!Array.isArray(record?.step) || !Array.isArray(record.loss) || Object(record.rho) !== record.rho) {
    throw new ArgumentError(
      'run',
      `must be a crossRegularization callback, a trainer, or the history of one, but is ${show(given)}. Give report(cross).`,
    );
  }
  await flush(record);
  if (record.step.length === 0) {
    throw new ArgumentError(
      'run',
      'has no ρ step to show. Train first, with the callback in the callbacks of fit. If the run was too short, cross.status() says so.',
    );
  }
  const status =
    (given as HasStatus).status?.() ??
    (record as HasStatus).status?.() ??
    Object.fromEntries(Object.entries(record.rho).map(([name, path]) => [name, convergence(path)]));
  return { record, status };
}
