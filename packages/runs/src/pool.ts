import { keepResult } from './keptResult';
import { type Assignment, aborted, type Performer } from './performer';
import { resultOfText, textOfResult } from './resultText';
import type { Outcome, Run, RunError } from './run';
import { WorkerProcess } from './workerProcess';

/** Does runs in several processes on this machine. */
export function pool(concurrency: number): Performer {
  return {
    async perform<R extends Run>({ runs, settle, ...how }: Assignment<R>) {
      const workers = Array.from({ length: Math.min(concurrency, runs.length) }, () => new WorkerProcess());
      let next = 0;
      const serve = async (worker: WorkerProcess) => {
        while (next < runs.length) settle(await performOne(worker, runs[next++], how));
      };
      try {
        await Promise.all(workers.map(serve));
      } finally {
        // If a result could not be written, the other processes stop too.
        next = runs.length;
        for (const worker of workers) worker.end();
      }
    },
    async close() {},
  };
}

async function performOne<R extends Run>(
  worker: WorkerProcess,
  run: R,
  how: Omit<Assignment<R>, 'runs' | 'settle'>,
): Promise<Outcome<R, any>> {
  const { task, storage, place, retries, timeLimit, signal, bars } = how;
  let error: RunError = aborted;
  let attempts = 0;
  while (attempts <= retries && !signal?.aborted) {
    attempts++;
    const bar = bars.begin(run.key);
    const attempt = await worker.perform(
      { task, run: textOfResult(run), storage: place },
      { timeLimit, signal, onProgress: bar.update },
    );
    bar.end();
    if ('text' in attempt) {
      const { text, seconds } = attempt;
      await keepResult(storage, run, text, seconds);
      return { status: 'completed', run, result: resultOfText(text), seconds, cached: false };
    }
    error = attempt.error;
  }
  return { status: 'failed', run, error, attempts };
}
