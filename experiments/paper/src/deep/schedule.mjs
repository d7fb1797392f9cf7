import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runAll } from '@crossreg/runs';

/** Test probabilities of a run, for ensembles. They are not committed. */
const predictionFile = (folder, key) => join(folder, 'predictions', `${key}.bin`);

/**
 * Does the runs of all stages: `jobs` at a time in as many processes, or on the workers of a Redis server.
 *
 * @param stages - functions that take the results so far and return runs. A stage starts when the one before is done.
 * @param profile - of profiles.mjs.
 * @param backend - a name that `useBestBackend` knows; `threads` are for wasm.
 * @param folder - for files that are not committed: checkpoints and predictions.
 * @param force - whether to repeat runs that have a result.
 * @param redis - URL of a Redis server to use instead of local processes.
 * @returns how many runs were done.
 * @throws Error - that names the failed runs, once all others of their stage are done.
 */
export async function schedule(stages, options) {
  const { profile, results, jobs, backend, threads, folder, force = false, redis } = options;
  const where = redis ? { connection: redis } : { storage: join(folder, 'state'), concurrency: jobs };
  const order = (run) => ({
    // Profiles share the workers' storage.
    key: `${basename(folder)}/${run.key}`,
    ...{ run, profile, backend, threads },
    ...(run.ensemble && { memberPredictions: run.ensemble.map((key) => readPredictions(folder, key)) }),
  });
  let count = 0;
  for (const stage of stages) {
    const runs = stage(results);
    const failures = [];
    await runAll({
      ...where,
      task: new URL('./paperRun.mjs', import.meta.url),
      runs: runs.map(order),
      force,
      progress: true,
      onOutcome({ run: { run }, status, result, error, seconds }) {
        if (status === 'failed') {
          // Report it now as well, because the others of the stage may take hours.
          process.stderr.write(`\n${run.key} failed: ${error.message}\n`);
          return failures.push(`${run.key}: ${error.stack ?? error.message}`);
        }
        const { predictions, ...kept } = result;
        if (predictions) writePredictions(folder, run.key, predictions);
        results.write(run.key, { run, ...kept, duration: seconds });
      },
    });
    if (failures.length > 0) throw new Error(`${failures.length} runs failed.\n${failures.join('\n')}`);
    count += runs.length;
  }
  return count;
}

function writePredictions(folder, key, predictions) {
  mkdirSync(join(folder, 'predictions'), { recursive: true });
  writeFileSync(predictionFile(folder, key), predictions);
}

function readPredictions(folder, key) {
  const bytes = readFileSync(predictionFile(folder, key));
  return new Float32Array(new Uint8Array(bytes).buffer);
}
