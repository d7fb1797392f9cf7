import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { ArgumentError, checkOptions, show } from '@crossreg/core';
import { checkpointOf, readWhole, resultFile, writeWhole } from './folderState';
import { progressBars } from './progressBars';
import { resultOfText, textOfResult } from './resultText';
import type { Outcome, ResultOf, Run, RunError, RunOf, Task } from './run';
import { WorkerProcess } from './workerProcess';

/** Options of {@link runAll}. */
export interface RunAllOptions<R extends Run> {
  /** The module whose default export does one run: a path, from the working directory, or a `file:` URL. */
  task: string | URL;
  runs: readonly R[];
  /** Where results and checkpoints are kept. A run that has a result there is not repeated. */
  folder: string;
  /** How many worker processes. Default: one a core. */
  processes?: number;
  /** How often a run that failed is tried again, from its checkpoint if it has one. Default 0. */
  retries?: number;
  /** Seconds that one attempt may take. Default: no limit. */
  timeLimit?: number;
  /** Whether to show bars. Default: where standard error is a terminal. */
  progress?: boolean;
  /** Aborts all: runs under way are told, and killed 2 seconds later. */
  signal?: AbortSignal;
}

/**
 * Does many runs in processes on this machine. Whatever is killed, the same call goes on where it was: results are kept,
 * and a run that was under way finds its checkpoint.
 *
 * @returns how each run ended, in the order of `runs`. A run that failed does not stop the others.
 * @throws ArgumentError before the first run for options out of range, for a key that two runs have, for a run that JSON
 * cannot hold, and where the folder has the result of another run by the same key.
 * @example
 * ```ts
 * const runs = [1, 2, 3].map((seed) => ({ key: `seed-${seed}`, seed }));
 * const outcomes = await runAll<typeof import('./train.mjs').default>({ task: './train.mjs', runs, folder: 'out' });
 * ```
 */
export async function runAll<T extends Task>(
  options: RunAllOptions<RunOf<T>>,
): Promise<Outcome<RunOf<T>, ResultOf<T>>[]> {
  const { runs, folder, retries = 0, timeLimit, signal } = options;
  const { processes = availableParallelism(), progress = process.stderr.isTTY === true } = options;
  checkOptions('runAll', options, {
    ...{ task: 1, runs: 1, folder: 1, processes: 1, retries: 1, timeLimit: 1, progress: 1, signal: 1 },
  });
  check(options);
  const task = options.task instanceof URL ? options.task.href : moduleAt(options.task);
  const outcomes = new Array<Outcome<RunOf<T>, ResultOf<T>>>(runs.length);
  const open: number[] = [];
  for (const [i, run] of runs.entries()) {
    const kept = await keptOutcome(folder, run);
    if (kept) outcomes[i] = kept as Outcome<RunOf<T>, ResultOf<T>>;
    else open.push(i);
  }
  const bars = progressBars(progress, runs.length, runs.length - open.length);
  let next = 0;

  const perform = async (worker: WorkerProcess, run: RunOf<T>): Promise<Outcome<RunOf<T>, ResultOf<T>>> => {
    let error: RunError = { name: 'AbortError', message: 'The run was aborted.' };
    let attempts = 0;
    while (attempts <= retries && !signal?.aborted) {
      attempts++;
      const bar = bars.begin(run.key);
      const attempt = await worker.perform(
        { task, run, folder },
        { timeLimit, signal, onProgress: bar.update },
      );
      bar.end();
      if ('text' in attempt) {
        const { text, seconds } = attempt;
        // The result first: whoever dies between the two finds it, and the checkpoint is not asked for again.
        await writeWhole(
          resultFile(folder, run.key),
          `{"run":${textOfResult(run)},"seconds":${seconds},"result":${text}}\n`,
        );
        await checkpointOf(folder, run.key).remove();
        return { status: 'done', run, result: resultOfText(text) as ResultOf<T>, seconds, resumed: false };
      }
      error = attempt.error;
    }
    return { status: 'failed', run, error, attempts };
  };

  const workers = Array.from({ length: Math.min(processes, open.length) }, () => new WorkerProcess());
  const serve = async (worker: WorkerProcess) => {
    while (next < open.length) {
      const i = open[next++];
      outcomes[i] = await perform(worker, runs[i]);
      bars.oneMore();
    }
  };
  try {
    await Promise.all(workers.map(serve));
  } finally {
    // Where a result could not be written, the others stop, too.
    next = open.length;
    for (const worker of workers) worker.end();
    bars.stop();
  }
  return outcomes;
}

const moduleAt = (path: string) => (path.startsWith('file:') ? path : pathToFileURL(resolve(path)).href);

/** The outcome of a run that has a result. */
async function keptOutcome(folder: string, run: Run): Promise<Outcome<Run, unknown> | undefined> {
  const text = (await readWhole(resultFile(folder, run.key)))?.toString();
  if (text === undefined) return undefined;
  const kept = resultOfText(text) as { run: Run; seconds: number; result: unknown };
  if (!isDeepStrictEqual(kept.run, resultOfText(textOfResult(run)))) {
    throw new ArgumentError(
      'runs',
      `has ${JSON.stringify(run)}, but ${folder} has the result of ${JSON.stringify(kept.run)} by the same key. Give it another key, or another folder.`,
    );
  }
  return { status: 'done', run, result: kept.result, seconds: kept.seconds, resumed: true };
}

function check({ task, runs, folder, processes, retries, timeLimit }: RunAllOptions<Run>): void {
  if (!(task instanceof URL) && (typeof task !== 'string' || task === '')) {
    throw new ArgumentError('task', `must be the path or URL of a module, but is ${show(task)}.`);
  }
  if (typeof folder !== 'string' || folder === '') {
    throw new ArgumentError('folder', `must be the name of a folder, but is ${show(folder)}.`);
  }
  if (processes !== undefined && !(Number.isInteger(processes) && processes >= 1)) {
    throw new ArgumentError('processes', `must be a whole number of at least 1, but is ${show(processes)}.`);
  }
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0)) {
    throw new ArgumentError('retries', `must be a whole number of at least 0, but is ${show(retries)}.`);
  }
  // Timers of Node hold 31 bits of milliseconds.
  if (timeLimit !== undefined && !(timeLimit > 0 && timeLimit <= 2_147_483)) {
    throw new ArgumentError(
      'timeLimit',
      `must be seconds above 0 and up to 2147483, but is ${show(timeLimit)}.`,
    );
  }
  const keys = new Set<string>();
  for (const run of runs) {
    if (typeof run?.key !== 'string' || run.key === '') {
      throw new ArgumentError('runs', `must each have a key, a string, but one is ${JSON.stringify(run)}.`);
    }
    if (keys.has(run.key)) {
      throw new ArgumentError(
        'runs',
        `has the key ${show(run.key)} twice. Every run needs a key that no other has.`,
      );
    }
    keys.add(run.key);
    try {
      textOfResult(run);
    } catch (error) {
      throw new ArgumentError(
        'runs',
        `has ${show(run.key)}, of which ${(error as Error).message.replace('result', 'run')}`,
      );
    }
  }
}
