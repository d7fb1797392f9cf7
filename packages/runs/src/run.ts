import type { CheckpointStore } from './storage';

/** The input of one training: plain data that JSON can hold, with a key that no other run has. */
export interface Run {
  readonly key: string;
}

/** The argument of a task. */
export interface TaskContext<R extends Run = Run> {
  run: R;
  /** The checkpoint of this run: pass it as the option `checkpoint` of `crossRegularization`. */
  checkpoint: CheckpointStore;
  /** Reports how much of the run is done, in any unit. */
  onProgress(done: number, total: number): void;
  /** Aborted when the run is no longer wanted. A run that ignores it is killed after 2 seconds. */
  signal: AbortSignal;
}

/** Does one run: the default export of the task's module. Its result is JSON, which may contain typed arrays. */
export type Task<R extends Run = any, Result = any> = (context: TaskContext<R>) => Promise<Result> | Result;

/** The runs that a task takes. */
export type RunOf<T extends Task> = T extends Task<infer R, any> ? R : never;
/** The result that a task returns. */
export type ResultOf<T extends Task> = Awaited<ReturnType<T>>;

/** Why a run failed. */
export interface RunError {
  name: string;
  message: string;
  stack?: string;
}

/** How a run ended. */
export type Outcome<R extends Run, Result> =
  | {
      status: 'completed';
      run: R;
      result: Result;
      /** Duration of the attempt that gave the result. */
      seconds: number;
      /** Whether the result existed before this call. */
      cached: boolean;
      error?: undefined;
    }
  | { status: 'failed'; run: R; error: RunError; attempts: number; result?: undefined };
