import type { CheckpointStore } from './state';

/** What one training is told: plain data that JSON can hold, with a key that no other run has. */
export interface Run {
  readonly key: string;
}

/** What a task is given. */
export interface TaskContext<R extends Run = Run> {
  run: R;
  /** Where this run keeps its checkpoint: an option `checkpoint` of `crossRegularization` takes it as it is. */
  checkpoint: CheckpointStore;
  /** Tells how much of the run is done, in any unit. */
  onProgress(done: number, total: number): void;
  /** Aborted when the run is no longer wanted. A run that does not heed it is killed 2 seconds later. */
  signal: AbortSignal;
}

/** Does one run: the default export of the task's module. Its result is JSON, in which typed arrays may lie. */
export type Task<R extends Run = any, Result = any> = (context: TaskContext<R>) => Promise<Result> | Result;

/** The runs that a task takes. */
export type RunOf<T extends Task> = T extends Task<infer R, any> ? R : never;
/** The result that a task gives. */
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
      status: 'done';
      run: R;
      result: Result;
      /** How long the attempt took that gave the result. */
      seconds: number;
      /** Whether the result was there before. */
      resumed: boolean;
    }
  | { status: 'failed'; run: R; error: RunError; attempts: number };
