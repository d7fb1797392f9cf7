import { type Convergence, convergence, type RegularizationRecord } from '@crossreg/core';
import type { Array as JaxArray } from '@jax-js/jax';

/** What a ρ step did: an array on the device until someone asks, then its numbers. */
export interface HistoryRow {
  /** Training steps taken when it happened. */
  step: number;
  /** The loss, 1 or 0 for a step taken or skipped, then the value and the gradient of each regularization parameter. */
  numbers: JaxArray | Promise<readonly number[]>;
}

/** The numbers of a row. They leave the device once. */
export function numbersOf(row: HistoryRow): Promise<readonly number[]> {
  if (!(row.numbers instanceof Promise)) {
    row.numbers = row.numbers.data().then((values) => Array.from(values as Float32Array));
  }
  return row.numbers;
}

/** The rows as plain numbers, in the form that every adapter of crossreg has. */
export async function recordOf(
  rows: readonly HistoryRow[],
  names: readonly string[],
): Promise<RegularizationRecord> {
  const record: RegularizationRecord = { step: [], loss: [], rho: {}, skipped: 0 };
  for (const name of names) record.rho[name] = { value: [], gradient: [] };
  for (const row of rows) {
    const [loss, taken, ...rest] = await numbersOf(row);
    record.step.push(row.step);
    record.loss.push(loss);
    if (taken === 0) record.skipped += 1;
    names.forEach((name, i) => {
      record.rho[name].value.push(rest[2 * i]);
      record.rho[name].gradient.push(rest[2 * i + 1]);
    });
  }
  return record;
}

/** The state of every regularization parameter by name, see `convergence` of core. */
export function statusOf(
  record: RegularizationRecord,
  range: readonly [number, number],
): Record<string, Convergence> {
  return Object.fromEntries(
    Object.entries(record.rho).map(([name, path]) => [name, convergence(path, { range })]),
  );
}
