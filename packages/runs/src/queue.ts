import { basename } from 'node:path';
import { ArgumentError, show } from '@crossreg/core';
import type { Job } from 'bullmq';
import { connect, needed, saying, shown } from './connection';
import { checkSameRun, keptOutcome } from './keptResult';
import { type Assignment, aborted, type Performer } from './performer';
import { resultOfText, textOfResult } from './resultText';
import type { Outcome, Run } from './run';
import { runErrorOf } from './runError';
import { identify, nameOf, type StatePlace } from './state';

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
  throw new ArgumentError('queue', `must be a name without a colon, but is ${show(queue)}.`);
}

/** Where the state of a queue is if nothing else is said: in the same Redis. */
export const stateInRedis = (connection: string, queue: string): StatePlace => ({
  redis: connection,
  base: `${prefix}-state:${queue}`,
});

/** Jobs that are asked for or added at a time. */
const batch = 500;

function* batches<T>(all: readonly T[]) {
  for (let from = 0; from < all.length; from += batch) yield all.slice(from, from + batch);
}

/**
 * Has runs done by the workers of a queue, wherever they are. Workers write results to the state; the queue and its events
 * only tell when. An event may be lost, with a connection or with Redis, so the open jobs are looked at now and then, too.
 *
 * @throws ArgumentError where Redis cannot be used.
 */
export async function workersOf(queueName: string, connection: string): Promise<Performer> {
  const { Queue, QueueEvents } = await needed(() => import('bullmq'));
  const redis = await connect(connection, { wait: false });
  const queue = new Queue<QueuedRun>(queueName, { connection: redis, prefix });
  const events = new QueueEvents(queueName, { connection: redis, prefix });
  // `redis` itself says when it goes away.
  queue.on('error', () => {});
  events.on('error', () => {});

  async function perform<R extends Run>(assignment: Assignment<R>): Promise<void> {
    const { task, state, retries, timeLimit, signal, bars, settle } = assignment;
    const open = new Map(assignment.runs.map((run) => [nameOf(run.key), run]));
    const barOf = new Map<string, ReturnType<typeof bars.begin>>();
    const hide = (name: string) => {
      barOf.get(name)?.end();
      barOf.delete(name);
    };
    let finish: () => void;
    let fail: (reason: unknown) => void;
    const finished = new Promise<void>((resolve, reject) => {
      finish = resolve;
      fail = reject;
    });
    const end = (name: string, outcome: Outcome<R, any>) => {
      if (!open.delete(name)) return;
      hide(name);
      settle(outcome);
      if (open.size === 0) finish();
    };

    async function add(names: readonly string[]) {
      const id = await identify(state);
      for (const some of batches(names)) {
        await queue.addBulk(
          some.map((name) => {
            const run = open.get(name)!;
            const data = { run: textOfResult(run), task: nameOfTask(task), state: id, timeLimit };
            // What is done is in the state, and what failed is removed once its error was read.
            const opts = { jobId: name, attempts: retries + 1, removeOnComplete: true, stackTraceLimit: 1 };
            return { name: run.key, data, opts };
          }),
        );
      }
    }

    /** Jobs of a former call that was killed: those under way go on, the others are put again. */
    async function clear(names: readonly string[]) {
      for (const some of batches(names)) {
        const jobs = await Promise.all(some.map((name) => queue.getJob(name)));
        for (const [i, job] of jobs.entries()) {
          if (job) checkSameRun(open.get(some[i])!, resultOfText(job.data.run) as Run, 'has in its queue');
        }
        await Promise.all(jobs.flatMap((job) => (job ? [queue.remove(job.id!)] : [])));
      }
    }

    /** @returns whether it was done. */
    async function completed(name: string): Promise<boolean> {
      const run = open.get(name);
      const outcome = run && (await keptOutcome(state, run));
      if (outcome) end(name, { ...outcome, resumed: false });
      return outcome !== undefined;
    }

    async function failed(name: string) {
      const run = open.get(name);
      const job: Job<QueuedRun> | undefined = run && (await queue.getJob(name));
      if (!run || !job?.finishedOn) return;
      const error = runErrorOf(job.failedReason, job.stacktrace?.at(-1));
      await queue.remove(name);
      end(name, { status: 'failed', run, error, attempts: job.attemptsMade });
    }

    async function lookAround() {
      for (const some of batches([...open.keys()])) {
        const states = await Promise.all(some.map((name) => queue.getJobState(name)));
        const lost: string[] = [];
        for (const [i, name] of some.entries()) {
          if (states[i] === 'failed') await failed(name);
          if (states[i] !== 'completed' && states[i] !== 'unknown') continue;
          // Redis came back without it.
          if (!(await completed(name)) && open.has(name)) lost.push(name);
        }
        if (lost.length > 0) await add(lost);
      }
    }

    let timer: NodeJS.Timeout;
    let saidSo = false;
    const now = async () => {
      await lookAround();
      if (!saidSo && (await withoutWorkers())) {
        saidSo = true;
        console.error(
          `No worker takes runs of the queue "${queueName}" at ${shown(connection)}. To start one: npx @crossreg/runs work --redis … --task …`,
        );
      }
      // 10,000 open runs are not looked at every other second.
      timer = setTimeout(() => now().catch(fail), Math.max(2000, 2 * open.size));
    };
    /** Services that do not tell who is connected are taken to have workers. */
    const withoutWorkers = () =>
      queue.getWorkersCount().then(
        (count) => count === 0,
        () => false,
      );

    const heard = {
      completed: ({ jobId }: { jobId: string }) => void completed(jobId).catch(fail),
      failed: ({ jobId }: { jobId: string }) => void failed(jobId).catch(fail),
      progress({ jobId, data }: { jobId: string; data: unknown }) {
        const run = open.get(jobId);
        if (!run) return;
        if (!barOf.has(jobId)) barOf.set(jobId, bars.begin(run.key));
        const [done, total] = data as [number, number];
        barOf.get(jobId)!.update(done, total);
      },
      waiting: ({ jobId }: { jobId: string }) => hide(jobId),
    };
    const abort = async () => {
      for (const some of batches([...open.keys()])) await Promise.all(some.map((name) => queue.remove(name)));
      for (const [name, run] of [...open]) {
        end(name, { status: 'failed', run, error: aborted, attempts: 0 });
      }
    };
    const onAbort = () => void abort().catch(fail);

    await events.waitUntilReady();
    events.on('completed', heard.completed).on('failed', heard.failed);
    events.on('progress', heard.progress).on('waiting', heard.waiting);
    signal?.addEventListener('abort', onAbort);
    try {
      if (signal?.aborted) return await abort();
      if (open.size === 0) return;
      await clear([...open.keys()]);
      await add([...open.keys()]);
      timer = setTimeout(() => now().catch(fail), 2000);
      await finished;
    } finally {
      clearTimeout(timer!);
      signal?.removeEventListener('abort', onAbort);
      events.removeAllListeners();
      events.on('error', () => {});
      for (const name of [...barOf.keys()]) hide(name);
    }
  }

  return {
    perform: (assignment) =>
      perform(assignment).catch((error) => {
        throw saying(error);
      }),
    async close() {
      await events.close();
      await queue.close();
      redis.disconnect();
    },
  };
}
