export type { Outcome, ResultOf, Run, RunError, RunOf, Task, TaskContext } from './run';
export { type RunAllOptions, runAll } from './runAll';
export { type RunningWorker, type StartWorkerOptions, startWorker } from './startWorker';
export type { CheckpointStore } from './storage';
