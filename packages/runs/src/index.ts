export type { CheckpointStore } from './folderState';
export type { Outcome, ResultOf, Run, RunError, RunOf, Task, TaskContext } from './run';
export { type RunAllOptions, runAll } from './runAll';
