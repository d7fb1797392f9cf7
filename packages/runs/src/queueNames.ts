import { basename } from 'node:path';
import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import type { StoragePlace } from './storage';

/** The data of a BullMQ job about a run. */
export interface QueuedRun {
  /** As text, in which typed arrays may lie. */
  run: string;
  /** Name of the task, see {@link nameOfTask}. */
  task: string;
  /** Tells the storage of the caller from others. */
  storage: string;
  timeLimit?: number;
}

/** Prefix of our keys in Redis. */
export const prefix = 'crossreg';

/** The name of the file without its extension: each machine has the task at a different path, perhaps compiled. */
export const nameOfTask = (href: string) => basename(new URL(href).pathname).replace(/\.\w+$/, '');

/** The name of the queue: the option, or the name of the task. */
export function nameOfQueue(queue: string | undefined, task: string): string {
  if (queue === undefined) return nameOfTask(task);
  if (typeof queue === 'string' && /^[^:]+$/.test(queue)) return queue;
  throw new ArgumentError('queue', `must be a name without a colon, but is ${show(queue)}. Write 'runs'.`);
}

/** The default place of a queue's storage: the same Redis. */
export const storageInRedis = (connection: string, queue: string): StoragePlace => ({
  redis: connection,
  base: `${prefix}-storage:${queue}`,
});
