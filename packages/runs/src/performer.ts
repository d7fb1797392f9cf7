import type { progressBars } from './progressBars';
import type { Outcome, Run } from './run';
import type { Storage, StoragePlace } from './storage';

/** Runs that have no result yet, and how to do them. */
export interface Assignment<R extends Run> {
  runs: readonly R[];
  /** URL of the module. */
  task: string;
  storage: Storage;
  /** The same, for other processes. */
  place: StoragePlace;
  retries: number;
  timeLimit?: number;
  signal?: AbortSignal;
  bars: ReturnType<typeof progressBars>;
  /** Called once per run. */
  settle(outcome: Outcome<R, any>): void;
}

/** Does runs: in local processes, or over Redis. */
export interface Performer {
  /** @returns when all are settled. */
  perform<R extends Run>(assignment: Assignment<R>): Promise<void>;
  close(): Promise<void>;
}

export const aborted = { name: 'AbortError', message: 'The run was aborted.' };
