import { availableParallelism } from 'node:os';
import { checkOptions } from '@crossreg/core/internal';
import type { Job } from 'bullmq';
import { connect, needed, saying, shown } from './connection';
import { keepResult, keptOutcome } from './keptResult';
import { checkConcurrency, checkSeconds, checkTaskExists, placeOf, urlOfTask } from './options';
import { nameOfQueue, nameOfTask, prefix, type QueuedRun, storageInRedis } from './queueNames';
import { resultOfText } from './resultText';
import type { Run } from './run';
import { errorLike } from './runError';
import { openStorage } from './storage';
import { WorkerProcess } from './workerProcess';

/** Options of {@link startWorker}. */
export interface StartWorkerOptions {
  /** URL of Redis: `redis://[user:password@]host[:port][/database]`, or `rediss://` with TLS. */
  connection: string;
  /** The module whose default export does one run: a path relative to the working directory, or a `file:` URL. */
  task: string | URL;
  /** How many runs at a time, each in its process. Default: one per core. */
  concurrency?: number;
  /**
   * The path or URL under which this machine reaches the storage of the callers: a folder; a module (`.js`, `.mjs`, `.ts`) whose
   * default export is a storage of `unstorage`; or a `redis:` URL. Default: in the Redis of the queue.
   */
  storage?: string | URL;
  /** The queue from which runs are taken. Default: the name of the task's file without its extension. */
  queue?: string;
  /**
   * Seconds of silence after which a worker counts as dead and its runs are given to others. Default 30, at least 1. The same
   * for all workers of a queue.
   */
  stalledAfter?: number;
  /** BullMQ's rate limit for all workers of the queue together: at most `max` runs begin in `duration` milliseconds. */
  limiter?: { max: number; duration: number };
  /** Called with one line when a run begins or ends. */
  log?(line: string): void;
}

/** A worker that takes runs. */
export interface RunningWorker {
  /** Takes no more runs. Active runs are told by their signal, killed after 2 seconds, and go back to the queue. */
  close(): Promise<void>;
}

/**
 * How often a run may lose its worker, or Redis, before BullMQ assumes that the run kills them. Cheap machines that may be
 * taken away at any time suit runs with checkpoints, so this is more than BullMQ's 1.
 */
const maxStalledCount = 10;

/**
 * Takes runs that `runAll({ connection, … })` put on a queue, on this or another machine.
 *
 * @returns when it is ready to take runs. If Redis does not answer yet, it waits.
 * @throws ArgumentError for options out of range, for a task that does not exist, and if Redis refuses the connection.
 * @example
 * ```ts
 * const worker = await startWorker({ connection: 'redis://localhost', task: './train.mjs' });
 * process.once('SIGTERM', () => worker.close());
 * ```
 */
export async function startWorker(options: StartWorkerOptions): Promise<RunningWorker> {
  checkOptions('startWorker', options, {
    ...{ connection: 1, task: 1, concurrency: 1, storage: 1, queue: 1, stalledAfter: 1, limiter: 1, log: 1 },
  });
  const {
    connection,
    concurrency = availableParallelism(),
    stalledAfter = 30,
    limiter,
    log = () => {},
  } = options;
  const task = urlOfTask(options.task);
  checkTaskExists(task);
  checkConcurrency(concurrency);
  checkSeconds('stalledAfter', stalledAfter, 1);
  const taskName = nameOfTask(task);
  const queueName = nameOfQueue(options.queue, task);
  const { Worker, UnrecoverableError, WaitingError } = await needed(() => import('bullmq'));
  const redis = await connect(connection, { wait: true });
  const place =
    options.storage === undefined ? storageInRedis(connection, queueName) : placeOf(options.storage);
  const storage = await openStorage(place);
  const idle: WorkerProcess[] = [];
  const underWay = new Map<string, AbortController>();
  let closing: Promise<void> | undefined;

  /** Errors that another attempt would not avoid. */
  const refuse = (name: string, message: string) => {
    throw errorLike({ name, message }, new UnrecoverableError(message));
  };
  async function checkJob({ task, storage: id }: QueuedRun) {
    if (task !== taskName) {
      refuse(
        'TaskError',
        `The run is for the task "${task}", but a worker of its queue does "${taskName}". Use a separate queue for each task.`,
      );
    }
    const own = await storage.id.read();
    if (own === undefined || Buffer.from(own).toString() !== id) {
      refuse(
        'StorageError',
        'A worker of the queue and the caller keep results in different places. Start the worker with --storage and the path under which its machine sees the storage of the caller.',
      );
    }
  }

  async function perform(job: Job<QueuedRun>, token?: string): Promise<void> {
    await checkJob(job.data);
    const run = resultOfText(job.data.run) as Run;
    if (await keptOutcome(storage, run)) return;
    const abort = new AbortController();
    underWay.set(job.id!, abort);
    if (closing) abort.abort();
    const process = idle.pop() ?? new WorkerProcess();
    log(`${run.key} started`);
    try {
      const attempt = await process.perform(
        { task, run: job.data.run, storage: place },
        {
          timeLimit: job.data.timeLimit,
          signal: abort.signal,
          onProgress: atMost(2, (done, total) => job.updateProgress([done, total])),
        },
      );
      if ('text' in attempt) {
        await keepResult(storage, run, attempt.text, attempt.seconds);
        log(`${run.key} finished (${attempt.seconds.toFixed(1)} s)`);
        return;
      }
      if (closing && abort.signal.aborted) {
        await job.moveToWait(token);
        log(`${run.key} returned to the queue`);
        throw new WaitingError();
      }
      log(`${run.key} failed: ${attempt.error.name}: ${attempt.error.message}`);
      throw errorLike(attempt.error, new Error(attempt.error.message));
    } finally {
      underWay.delete(job.id!);
      idle.push(process);
    }
  }

  const milliseconds = 1000 * stalledAfter;
  const worker = new Worker<QueuedRun>(queueName, perform, {
    ...{ connection: redis, prefix, concurrency, limiter },
    ...{ lockDuration: milliseconds, stalledInterval: milliseconds, maxStalledCount },
  });
  // `redis` itself reports when the connection is lost.
  worker.on('error', () => {});
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) {
      log(`${id} was given to another worker, because this one did not renew its lock`);
      underWay.get(id)?.abort();
    }
  });
  log(`taking runs from the queue "${queueName}" at ${shown(connection)}`);

  return {
    close() {
      closing ??= (async () => {
        for (const abort of underWay.values()) abort.abort();
        await worker.close();
        for (const process of idle) process.end();
        await storage.close();
        redis.disconnect();
      })().catch((error) => {
        throw saying(error);
      });
      return closing;
    },
  };
}

/** Reports at most so many times a second, and drops reports in between. */
function atMost(perSecond: number, report: (done: number, total: number) => Promise<void>) {
  let last = Number.NEGATIVE_INFINITY;
  return (done: number, total: number) => {
    if (performance.now() - last < 1000 / perSecond) return;
    last = performance.now();
    // A failed progress report is not worth an error.
    report(done, total).catch(() => {});
  };
}
