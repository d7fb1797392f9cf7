import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import { checkConnection } from './connection';
import type { StoragePlace } from './storage';

const hrefOf = (path: string) => (path.startsWith('file:') ? path : pathToFileURL(resolve(path)).href);

/** @throws ArgumentError for anything but a path or URL. */
export function urlOfTask(task: string | URL): string {
  if (task instanceof URL) return task.href;
  if (typeof task === 'string' && task !== '') return hrefOf(task);
  throw new ArgumentError(
    'task',
    `must be the path or URL of a module, but is ${show(task)}. Write new URL('./task.mjs', import.meta.url).`,
  );
}

/** @throws ArgumentError if the file of a task does not exist, which every run would find out by itself. */
export function checkTaskExists(task: string): void {
  const file = new URL(task);
  if (file.protocol !== 'file:' || existsSync(file)) return;
  throw new ArgumentError(
    'task',
    `is ${show(fileURLToPath(file))}, but there is no such file. Write new URL('./task.mjs', import.meta.url), or a path relative to the working directory.`,
  );
}

/** @throws ArgumentError for anything that cannot hold a storage. */
export function placeOf(storage: string | URL): StoragePlace {
  const text = storage instanceof URL ? storage.href : storage;
  if (typeof text !== 'string' || text === '') {
    throw new ArgumentError(
      'storage',
      `must be a folder, a module that exports an unstorage storage, or a redis: URL, but is ${show(storage)}. Write 'runs' for a folder of that name.`,
    );
  }
  if (/^rediss?:/.test(text)) {
    checkConnection(text, 'storage');
    return { redis: text, base: 'crossreg-storage' };
  }
  if (/\.[cm]?[jt]s$/.test(text)) return { module: hrefOf(text) };
  return { folder: text.startsWith('file:') ? fileURLToPath(text) : resolve(text) };
}

export function checkConcurrency(concurrency: number): void {
  if (!(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new ArgumentError(
      'concurrency',
      `must be a whole number of at least 1, but is ${show(concurrency)}. Leave it out for one per core.`,
    );
  }
}

/** Timers of Node hold 31 bits of milliseconds. */
export function checkSeconds(name: string, seconds: number, least = 0): void {
  if (!(seconds > 0 && seconds >= least && seconds <= 2_147_483)) {
    const lowest = least > 0 ? `of at least ${least}` : 'above 0';
    throw new ArgumentError(
      name,
      `must be a number of seconds, ${lowest} and at most 2147483, but is ${show(seconds)}. Use 60 for a minute.`,
    );
  }
}
