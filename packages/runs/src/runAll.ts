import { availableParallelism } from 'node:os';
import { ArgumentError } from '@crossreg/core';
import { checkList, checkOneOf, checkOptions, refuse, show } from '@crossreg/core/internal';
import { checkConnection } from './connection';
import { keptOutcome } from './keptResult';
import { checkConcurrency, checkSeconds, checkTaskExists, placeOf, urlOfTask } from './options';
import { pool } from './pool';
import { progressBars } from './progressBars';
import { workersOf } from './queue';
import { nameOfQueue, storageInRedis } from './queueNames';
import { textOfResult } from './resultText';
import type { Outcome, ResultOf, Run, RunOf, Task } from './run';
import { nameOf, openStorage, type StoragePlace } from './storage';

/** Options of {@link runAll}. */
export interface RunAllOptions<R extends Run> {
  /** The module whose default export does one run: a path relative to the working directory, or a `file:` URL. */
  task: string | URL;
  runs: readonly R[];
  /**
   * Where results and checkpoints are kept: a folder; a module (`.js`, `.mjs`, `.ts`) whose default export is a storage of
   * `unstorage`; or a `redis:` URL. A run that has a result there is not repeated. Concurrent calls may share a storage, but no
   * run.
   *
   * Default: with a `connection`, its Redis; otherwise the option is required.
   */
  storage?: string | URL;
  /**
   * URL of a Redis. The workers of a queue there then do the runs, on any machine (see {@link startWorker}), and this process
   * does none. `redis://[user:password@]host[:port][/database]`, or `rediss://` with TLS.
   */
  connection?: string;
  /** With a `connection`: the queue. Default: the name of the task's file without its extension. */
  queue?: string;
  /** Without a `connection`: how many runs at a time, each in its process. Default: one per core. */
  concurrency?: number;
  /** Whether to repeat runs that have a result. A run that has a checkpoint still continues from it. Default false. */
  force?: boolean;
  /** How often a failed run is tried again, from its checkpoint if it has one. Default 0. */
  retries?: number;
  /** Time limit of one attempt in seconds, counted from when its process has started. Default: no limit. */
  timeLimit?: number;
  /**
   * Called with each outcome as it arrives: first those that existed before, then the others in the order in which they end.
   */
  onOutcome?(outcome: Outcome<R, any>): void;
  /** Whether to show progress bars. Default: if standard error is a terminal. */
  progress?: boolean;
  /**
   * Aborts all runs. Active runs are told, and killed after 2 seconds. With a `connection`, waiting runs are removed from the
   * queue; workers end the active ones, and their results are kept.
   */
  signal?: AbortSignal;
}

/**
 * Does many runs, in processes on this machine or by workers on many machines. If anything is killed, the same call continues
 * where it was: results are kept, and an interrupted run finds its checkpoint.
 *
 * @returns how each run ended, in the order of `runs`. A run that failed does not stop the others.
 * @throws ArgumentError before the first run for options out of range, for a task that does not exist, for a key that two runs
 *   share, for a run that JSON cannot hold, if the storage has the result of another run with the same key, and if Redis cannot
 *   be used.
 * @example
 * ```ts
 * const runs = [1, 2, 3].map((seed) => ({ key: `seed-${seed}`, seed }));
 * const outcomes = await runAll<typeof import('./train.mjs').default>({ task: './train.mjs', runs, storage: 'out' });
 * ```
 */
export async function runAll<T extends Task>(
  options: RunAllOptions<RunOf<T>>,
): Promise<Outcome<RunOf<T>, ResultOf<T>>[]> {
  const { runs, connection, retries = 0, timeLimit, signal } = options;
  const { progress = process.stderr.isTTY === true, force = false, onOutcome = () => {} } = options;
  checkOptions('runAll', options, {
    ...{ task: 1, runs: 1, storage: 1, connection: 1, queue: 1, concurrency: 1, retries: 1, timeLimit: 1 },
    ...{ force: 1, onOutcome: 1, progress: 1, signal: 1 },
  });
  check(options);
  const task = urlOfTask(options.task);
  // With a connection, the file is on the machines of the workers.
  if (connection === undefined) checkTaskExists(task);
  const queue = nameOfQueue(options.queue, task);
  const place = placeFor(options, queue);
  const performer =
    connection === undefined
      ? pool(options.concurrency ?? availableParallelism())
      : await workersOf(queue, connection);
  try {
    const storage = await openStorage(place);
    try {
      const outcomes = new Map<string, Outcome<RunOf<T>, ResultOf<T>>>();
      for (const run of runs) {
        if (force) await storage.result(nameOf(run.key)).remove();
        const kept = await keptOutcome(storage, run);
        if (!kept) continue;
        outcomes.set(run.key, kept);
        onOutcome(kept);
      }
      const open = runs.filter(({ key }) => !outcomes.has(key));
      const bars = progressBars(progress, runs.length, outcomes.size);
      const settle = (outcome: Outcome<RunOf<T>, ResultOf<T>>) => {
        outcomes.set(outcome.run.key, outcome);
        bars.oneMore();
        onOutcome(outcome);
      };
      try {
        await performer.perform({
          runs: open,
          task,
          storage,
          place,
          retries,
          timeLimit,
          signal,
          bars,
          settle,
        });
      } finally {
        bars.stop();
      }
      return runs.map(({ key }) => outcomes.get(key)!);
    } finally {
      await storage.close();
    }
  } finally {
    await performer.close();
  }
}

function placeFor({ storage, connection }: RunAllOptions<Run>, queue: string): StoragePlace {
  if (storage !== undefined || connection === undefined) return placeOf(storage!);
  return storageInRedis(connection, queue);
}

function check(options: RunAllOptions<Run>): void {
  const { runs, connection, queue, concurrency, retries, timeLimit, force, progress, onOutcome, signal } =
    options;
  if (connection !== undefined) checkConnection(connection);
  if (concurrency !== undefined) {
    checkConcurrency(concurrency);
    if (connection !== undefined) {
      throw new ArgumentError(
        'concurrency',
        'is given, but with a connection the workers do the runs. Set it for each worker: npx @crossreg/runs work --concurrency N.',
      );
    }
  }
  if (queue !== undefined && connection === undefined) {
    throw new ArgumentError(
      'queue',
      `is only used with a connection, but is ${show(queue)} without one. Give a connection, or leave it out.`,
    );
  }
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0)) {
    throw new ArgumentError(
      'retries',
      `must be a whole number of at least 0, but is ${show(retries)}. Use 2.`,
    );
  }
  if (timeLimit !== undefined) checkSeconds('timeLimit', timeLimit);
  // A text such as 'false' would count as true, and results would be removed.
  if (force !== undefined) checkOneOf('force', force, [true, false], 'Leave it out to keep results.');
  if (progress !== undefined)
    checkOneOf('progress', progress, [true, false], 'Leave it out for the default.');
  if (onOutcome !== undefined && typeof onOutcome !== 'function') {
    refuse('onOutcome', onOutcome, 'a function', 'Write (outcome) => ….');
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    refuse('signal', signal, 'an AbortSignal', 'Of an AbortController, give its signal.');
  }
  checkList('runs', runs, "objects such as { key: 'seed-1', seed: 1 }");
  const keys = new Set<string>();
  for (const run of runs) {
    if (typeof run?.key !== 'string' || run.key === '') {
      throw new ArgumentError(
        'runs',
        `must each have a non-empty string as key, but one is ${JSON.stringify(run)}. Write { key: 'seed-1', seed: 1 }.`,
      );
    }
    if (keys.has(run.key)) {
      throw new ArgumentError('runs', `has the key ${show(run.key)} twice. Give every run a different key.`);
    }
    keys.add(run.key);
    try {
      textOfResult(run);
    } catch (error) {
      throw new ArgumentError(
        'runs',
        `has ${show(run.key)}, where ${(error as Error).message.replace('result', 'run')} Use JSON values and typed arrays.`,
      );
    }
  }
}
