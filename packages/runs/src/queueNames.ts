import { basename } from 'node:path';
import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import type { StatePlace } from './state';

/** What a job of BullMQ says about a run. */
export interface QueuedRun {
  /** As text, in which typed arrays may lie. */
  run: string;
  /** Name of the task, see {@link nameOfTask}. */
  task: string;
  /** What tells the caller's state from others. */
  state: string;
  timeLimit?: number;
}

/** Of our keys in Redis. */
export const prefix = 'crossreg';

/** The file's name without its ending: the machines have the task at different places, and perhaps compiled. */
export const nameOfTask = (href: string) => basename(new URL(href).pathname).replace(/\.\w+$/, '');

/** The name of the queue: what was asked for, or that of the task. */
export function nameOfQueue(queue: string | undefined, task: string): string {
  if (queue === undefined) return nameOfTask(task);
  if (typeof queue === 'string' && /^[^:]+$/.test(queue)) return queue;
  throw new ArgumentError('queue', `must be a name without a colon, but is ${show(queue)}. Write 'runs'.`);
}

/** Where the state of a queue is if nothing else is said: in the same Redis. */
export const stateInRedis = (connection: string, queue: string): StatePlace => ({
  redis: connection,
  base: `${prefix}-state:${queue}`,
});
