import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunError } from './run';
import type { StoragePlace } from './storage';

/** A message to a worker process: a run as text, or that the present run is no longer wanted. */
export type Order = { task: string; run: string; storage: StoragePlace } | 'abort';
/** A message from a worker process. */
export type Report = 'begun' | { done: number; total: number } | { text: string } | { error: RunError };

/** How one attempt ended: with the text of its result, or an error. */
export type Attempt = { text: string; seconds: number } | { error: RunError };

// From the sources, too: the program of a worker process is always the built one.
const program = fileURLToPath(new URL('../dist/child.js', import.meta.url));
/** Time to heed the signal. */
const grace = 2000;

/**
 * A process that does runs, one at a time. It is replaced after every failed run, whose effects nobody knows. It is a process
 * and not a thread because a run may block, exit or crash, and only a process can be killed at any moment.
 */
export class WorkerProcess {
  private child?: ChildProcess;

  /** Does one run. Never rejects: whatever happens to the process becomes an error of the run. */
  perform(
    order: Exclude<Order, 'abort'>,
    options: { timeLimit?: number; signal?: AbortSignal; onProgress(done: number, total: number): void },
  ): Promise<Attempt> {
    const { timeLimit, signal, onProgress } = options;
    if (!this.child?.connected) this.child = undefined;
    this.child ??= fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const child = this.child;
    return new Promise((resolve) => {
      let began = performance.now();
      let late = false;
      let timer: NodeJS.Timeout | undefined;
      const killer = () => child.kill('SIGKILL');
      const abort = () => {
        if (child.connected) child.send('abort');
        clearTimeout(timer);
        timer = setTimeout(killer, grace);
      };
      const end = (attempt: Attempt) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        child.off('message', heard).off('exit', exited).off('error', broke);
        if ('error' in attempt) this.end();
        resolve(attempt);
      };
      const fail = (name: string, message: string) => end({ error: { name, message } });
      const begin = () => {
        began = performance.now();
        if (timeLimit === undefined || signal?.aborted) return;
        timer = setTimeout(() => {
          late = true;
          killer();
        }, timeLimit * 1000);
      };
      const heard = (message: Report) => {
        if (message === 'begun') begin();
        else if ('done' in message) onProgress(message.done, message.total);
        else if (late) return;
        else if ('text' in message) end({ text: message.text, seconds: (performance.now() - began) / 1000 });
        else end(message);
      };
      const exited = (code: number | null, by: string | null) => {
        if (late) fail('TimeLimitError', `The run took longer than its limit of ${timeLimit} s.`);
        else if (signal?.aborted) fail('AbortError', 'The run was aborted.');
        else fail('ExitError', `The process ended without a result (${by ?? `exit code ${code}`}).`);
      };
      const broke = (error: Error) => fail(error.name, error.message);
      child.on('message', heard).on('exit', exited).on('error', broke);
      signal?.addEventListener('abort', abort);
      child.send(order, (error) => error && broke(error));
      // A signal that is already aborted does not fire again.
      if (signal?.aborted) abort();
    });
  }

  /** Ends the process. The next run starts another. */
  end(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }
}
