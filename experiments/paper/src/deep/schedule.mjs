import { execFileSync, fork } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import progress from 'cli-progress';
import { checkpointFolder, stepCount } from './execute.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const version = (name) =>
  JSON.parse(readFileSync(here(`../../node_modules/${name}/package.json`), 'utf8')).version;
const commit = () => {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: here('.'), encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
};
/** What the results of a schedule have in common. */
const provenance = () => ({
  commit: commit(),
  versions: {
    node: process.version,
    ...Object.fromEntries(
      ['@tensorflow/tfjs', '@crossreg/core', '@crossreg/tfjs-layers', '@crossreg/tfjs-wasm'].map((name) => [
        name,
        version(name),
      ]),
    ),
  },
  machine: { processor: cpus()[0].model, cores: cpus().length },
});

/**
 * Does the runs of stages, `jobs` at a time in as many processes.
 *
 * @param stages - functions that give runs for the results so far; one is begun when the former are done.
 * @param profile - of profiles.mjs.
 * @param backend - a name that `useBestBackend` knows; `threads` are for wasm.
 * @param folder - for what is not committed: checkpoints and predictions.
 * @returns how many runs were done.
 */
export async function schedule(stages, { profile, results, jobs, backend, threads, folder }) {
  const bars = new progress.MultiBar({
    format: '{key} [{bar}] {value}/{total} steps, {eta_formatted} left',
    noTTYOutput: true,
    notTTYSchedule: 30_000,
    hideCursor: true,
    etaBuffer: 100,
  });
  const children = Array.from({ length: jobs }, () =>
    fork(here('./worker.mjs'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  );
  // Now, because this is the code that the workers have read when a run ends.
  const origin = provenance();
  const runIn = async (child, run) => {
    const bar = bars.create(stepCount(run, profile) || 1, 0, { key: run.key.padEnd(20) });
    child.send({ run, profile, folder, backend, threads });
    const result = await resultOf(child, run, (done) => bar.update(done));
    results.write(run.key, { run, ...origin, ...result });
    rmSync(checkpointFolder(folder, run), { recursive: true, force: true });
    bars.remove(bar);
  };
  let count = 0;
  try {
    for (const stage of stages) {
      const queue = stage(results);
      count += queue.length;
      await Promise.all(
        children.map(async (child) => {
          for (let run = queue.shift(); run; run = queue.shift()) await runIn(child, run);
        }),
      );
    }
  } finally {
    bars.stop();
    for (const child of children) child.kill();
  }
  return count;
}

/** What a worker answers in the end. */
function resultOf(child, { key }, onStep) {
  return new Promise((resolve, reject) => {
    const ended = (code) => reject(new Error(`${key} ended without a result (exit code ${code}).`));
    const heard = ({ done, result }) => {
      if (done) onStep(done);
      if (!result) return;
      child.off('message', heard).off('exit', ended);
      resolve(result);
    };
    child.on('message', heard).on('exit', ended);
  });
}
