// The program of a worker process: executes the runs that its parent sends, one after the other.

import { AsyncLocalStorage } from 'node:async_hooks';
import { Worker } from 'node:worker_threads';
import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import { resultOfText, textOfResult } from './resultText';
import type { Run } from './run';
import { runErrorOfThrown } from './runError';
import { nameOf, openStorage, type Storage } from './storage';
import type { Order, Report } from './workerProcess';

// When the parent dies, this process dies too, even in a loop that never yields. A thread watches, because the main thread may
// be busy. Otherwise an orphan would continue to write the checkpoints of a run that was started again elsewhere.
new Worker(
  `const parent = ${process.ppid};
   setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 200);`,
  { eval: true, stdout: false, stderr: false },
).unref();
process.on('disconnect', () => process.exit(1));

const report = (message: Report) => process.send!(message);
let abort = new AbortController();
/** Of the last run; the next run has it too. */
let opened: { place: string; storage: Storage } | undefined;
/** The run that is under way, if any. */
let current: Run | undefined;
/** The run to which a callback or promise belongs. */
const owner = new AsyncLocalStorage<Run>();

// Thrown where no one waits: in a timer, or by a promise that nobody awaits. Such an error of an earlier run, which has its
// result, says nothing about the present one.
process.on('uncaughtException', (thrown) => {
  const run = owner.getStore() ?? current;
  if (run && run === current) report({ error: runErrorOfThrown(thrown) });
  else console.error(run ? `The run ${show(run.key)} had ended when its task threw` : 'A task threw', thrown);
});

process.on('message', async (order: Order) => {
  if (order === 'abort') return abort.abort();
  // On a busy machine a process may take seconds to start. That time does not count for the run.
  report('begun');
  abort = new AbortController();
  const { task } = order;
  const run = resultOfText(order.run) as Run;
  const place = JSON.stringify(order.storage);
  try {
    current = run;
    if (opened?.place !== place) {
      await opened?.storage.close();
      opened = { place, storage: await openStorage(order.storage) };
    }
    const { default: perform } = await import(task);
    if (typeof perform !== 'function') {
      throw new ArgumentError(
        'task',
        `must be a module whose default export is a function, but ${task} exports ${show(perform)}. Write export default async ({ run }) => ….`,
      );
    }
    const context = {
      run,
      checkpoint: opened.storage.checkpoint(nameOf(run.key)),
      onProgress: (done: number, total: number) => report({ done, total }),
      signal: abort.signal,
    };
    const result = await owner.run(run, () => perform(context));
    current = undefined;
    report({ text: textOfResult(result) });
  } catch (thrown) {
    report({ error: runErrorOfThrown(thrown) });
  }
});
