import type { Job, Queue } from 'bullmq';
import { checkSameRun, keptOutcome } from './keptResult';
import { type Assignment, aborted } from './performer';
import { nameOfTask, type QueuedRun } from './queueNames';
import { resultOfText, textOfResult } from './resultText';
import type { Outcome, Run } from './run';
import { runErrorOf } from './runError';
import { identify, nameOf } from './storage';

/** Jobs that are requested or added at once: memory holds each several times until Redis has answered. */
const batch = 50;

function* batches<T>(all: readonly T[]) {
  for (let from = 0; from < all.length; from += batch) yield all.slice(from, from + batch);
}

/** The runs of one call that workers of a queue do, by name. The name is the id of their job. */
export class QueuedRuns<R extends Run> {
  /** Those that have not ended. */
  private readonly open: Map<string, R>;
  private readonly barOf = new Map<string, ReturnType<Assignment<R>['bars']['begin']>>();
  /** Resolves when all have ended. */
  readonly ended: Promise<void>;
  private finish!: () => void;

  constructor(
    private readonly queue: Queue<QueuedRun>,
    private readonly assignment: Assignment<R>,
  ) {
    this.open = new Map(assignment.runs.map((run) => [nameOf(run.key), run]));
    this.ended = new Promise((resolve) => {
      this.finish = resolve;
    });
    if (this.open.size === 0) this.finish();
  }

  get count(): number {
    return this.open.size;
  }

  /**
   * Puts all runs on the queue. Jobs of a former call that was killed continue if they are active; otherwise they are added
   * again.
   */
  async put(): Promise<void> {
    for (const names of batches([...this.open.keys()])) {
      const jobs = await Promise.all(names.map((name) => this.queue.getJob(name)));
      for (const [i, job] of jobs.entries()) {
        if (job)
          checkSameRun(this.open.get(names[i])!, resultOfText(job.data.run) as Run, 'has in its queue');
      }
      await Promise.all(jobs.flatMap((job) => (job ? [this.queue.remove(job.id!)] : [])));
    }
    await this.add([...this.open.keys()]);
  }

  private async add(all: readonly string[]): Promise<void> {
    const { storage: place, task, timeLimit, retries } = this.assignment;
    const storage = await identify(place);
    // Finished jobs are in the storage, and failed ones are removed once their error was read.
    const opts = { attempts: retries + 1, removeOnComplete: true, stackTraceLimit: 1 };
    for (const names of batches(all)) {
      const jobs = names.map((name) => {
        const run = this.open.get(name)!;
        const data = { run: textOfResult(run), task: nameOfTask(task), storage, timeLimit };
        return { name: run.key, data, opts: { ...opts, jobId: name } };
      });
      await this.queue.addBulk(jobs);
    }
  }

  /** Checks the jobs of all runs: an event may have been lost, and so may a job. */
  async lookAround(): Promise<void> {
    for (const names of batches([...this.open.keys()])) {
      const states = await Promise.all(names.map((name) => this.queue.getJobState(name)));
      const lost: string[] = [];
      for (const [i, name] of names.entries()) {
        if (states[i] === 'failed') await this.failed(name);
        if (states[i] !== 'completed' && states[i] !== 'unknown') continue;
        // Redis restarted without it.
        if (!(await this.completed(name)) && this.open.has(name)) lost.push(name);
      }
      if (lost.length > 0) await this.add(lost);
    }
  }

  /** @returns whether it was done. */
  async completed(name: string): Promise<boolean> {
    const run = this.open.get(name);
    const outcome = run && (await keptOutcome(this.assignment.storage, run));
    if (outcome) this.end(name, { ...outcome, cached: false });
    return outcome !== undefined;
  }

  async failed(name: string): Promise<void> {
    const run = this.open.get(name);
    const job: Job<QueuedRun> | undefined = run && (await this.queue.getJob(name));
    if (!run || !job?.finishedOn) return;
    const error = runErrorOf(job.failedReason, job.stacktrace?.at(-1));
    await this.queue.remove(name);
    this.end(name, { status: 'failed', run, error, attempts: job.attemptsMade });
  }

  showProgress(name: string, done: number, total: number): void {
    const run = this.open.get(name);
    if (!run) return;
    const { barOf } = this;
    if (!barOf.has(name)) barOf.set(name, this.assignment.bars.begin(run.key));
    barOf.get(name)!.update(done, total);
  }

  /** Until there is progress to show again. */
  hide(name: string): void {
    this.barOf.get(name)?.end();
    this.barOf.delete(name);
  }

  hideAll(): void {
    for (const name of [...this.barOf.keys()]) this.hide(name);
  }

  /** Removes all waiting runs from the queue. Workers end the active ones. */
  async abort(): Promise<void> {
    for (const names of batches([...this.open.keys()])) {
      await Promise.all(names.map((name) => this.queue.remove(name)));
    }
    for (const [name, run] of [...this.open]) {
      this.end(name, { status: 'failed', run, error: aborted, attempts: 0 });
    }
  }

  private end(name: string, outcome: Outcome<R, any>): void {
    if (!this.open.delete(name)) return;
    this.hide(name);
    this.assignment.settle(outcome);
    if (this.open.size === 0) this.finish();
  }
}
