import { setTimeout } from 'node:timers/promises';
import { connect, needed, saying, shown } from './connection';
import type { Assignment, Performer } from './performer';
import { QueuedRuns } from './queuedRuns';
import { prefix, type QueuedRun } from './queueNames';
import type { Run } from './run';

/**
 * Has the workers of a queue do runs, wherever they are. Workers write results to the storage; the queue and its events only say
 * when. An event may be lost, with a connection or with Redis, so open jobs are also checked now and then.
 *
 * @throws ArgumentError if Redis cannot be used.
 */
export async function workersOf(queueName: string, connection: string): Promise<Performer> {
  const { Queue, QueueEvents } = await needed(() => import('bullmq'));
  const redis = await connect(connection, { wait: false });
  const queue = new Queue<QueuedRun>(queueName, { connection: redis, prefix });
  const events = new QueueEvents(queueName, { connection: redis, prefix });
  // `redis` itself reports when the connection is lost.
  queue.on('error', () => {});
  events.on('error', () => {});

  async function perform<R extends Run>(assignment: Assignment<R>): Promise<void> {
    const { signal } = assignment;
    const runs = new QueuedRuns(queue, assignment);
    let fail!: (reason: unknown) => void;
    const failure = new Promise<never>((_, reject) => {
      fail = reject;
    });
    // Nobody waits for it if there is nothing to do, or too late.
    failure.catch(() => {});
    /** Nobody waits for what an event starts. */
    const attend = (work: Promise<unknown>) => void work.catch(fail);
    const onAbort = () => attend(runs.abort());
    await events.waitUntilReady();
    events
      .on('completed', ({ jobId }) => attend(runs.completed(jobId)))
      .on('failed', ({ jobId }) => attend(runs.failed(jobId)))
      .on('progress', ({ jobId, data }) => runs.showProgress(jobId, ...(data as any as [number, number])))
      .on('waiting', ({ jobId }) => runs.hide(jobId));
    signal?.addEventListener('abort', onAbort);
    const stop = new AbortController();
    try {
      if (signal?.aborted) return await runs.abort();
      if (runs.count === 0) return;
      await runs.put();
      attend(lookNowAndThen(runs, stop.signal));
      await Promise.race([runs.ended, failure]);
    } finally {
      stop.abort();
      signal?.removeEventListener('abort', onAbort);
      events.removeAllListeners();
      events.on('error', () => {});
      runs.hideAll();
    }
  }

  async function lookNowAndThen(runs: QueuedRuns<Run>, stop: AbortSignal): Promise<void> {
    let saidSo = false;
    for (;;) {
      // 10,000 open runs are not checked every other second.
      await setTimeout(Math.max(2000, 2 * runs.count), undefined, { signal: stop }).catch(() => {});
      if (stop.aborted) return;
      await runs.lookAround();
      if (saidSo || !(await withoutWorkers())) continue;
      saidSo = true;
      console.error(
        `No worker taking runs from the queue "${queueName}" at ${shown(connection)}. To start one: npx @crossreg/runs work --redis … --task …`,
      );
    }
  }

  /** Services that do not list their connections are assumed to have workers. */
  const withoutWorkers = () =>
    queue.getWorkersCount().then(
      (count) => count === 0,
      () => false,
    );

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
