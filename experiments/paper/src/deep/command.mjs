import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { experiments, runNames, runsOf } from './experiments.mjs';
import { profiles } from './profiles.mjs';
import { report } from './report.mjs';
import { store } from './resultStore.mjs';
import { schedule } from './schedule.mjs';

export const names = Object.keys(experiments);

/** Options of the command line. All are strings. */
export const options = {
  profile: { type: 'string', default: 'small' },
  jobs: { type: 'string', default: '2' },
  backend: { type: 'string', default: 'wasm' },
  threads: { type: 'string', default: '1' },
  only: { type: 'string', multiple: true },
  force: { type: 'boolean', default: false },
  steps: { type: 'string' },
  redis: { type: 'string' },
};

const here = (path) => fileURLToPath(new URL(`../../${path}/`, import.meta.url));
const resultsOf = (profile) => store(here(`results/${profile}`));

/**
 * Runs all runs of an experiment that have no result yet.
 *
 * @param only - names of runs, on all seeds, or their keys, which end with a seed. With `force`, also those that have a result.
 * @param steps - the number of steps instead of the profile's, for a quick trial. Evaluations are small too, and results go to
 *   `out`.
 * @param redis - URL of a Redis server. Its workers do the runs, instead of `jobs` processes on this machine.
 */
export async function runExperiment(name, options) {
  const { profile, jobs, backend, threads, only, force, steps, redis } = options;
  const { test, samples, monitoring } = profiles.smoke;
  const sizes = { ...profiles[profile], ...(steps && { steps: Number(steps), test, samples, monitoring }) };
  const folder = here(steps ? `out/${profile}-${steps}` : `out/${profile}`);
  const results = steps ? store(join(folder, 'results')) : resultsOf(profile);
  const named = ({ name, key }) => only === undefined || only.includes(name) || only.includes(key);
  const chosen = (run) => named(run) && (force || !results.has(run.key));
  const count = await schedule(
    experiments[name].map((stage) => (soFar) => runsOf(stage, sizes, soFar).filter(chosen)),
    { profile: sizes, results, jobs: Number(jobs), backend, threads: Number(threads), folder, force, redis },
  );
  if (count === 0) {
    const grid = only ? ', or lacks the results of its grid, which it chooses from' : '';
    console.log(`${name}: nothing to do. What was asked for has a result (--force repeats it)${grid}.`);
  }
}

/** Makes tables and figures from the committed results. */
export const writeReport = () => report(resultsOf);

/** @throws Error - for an unknown value; the message says what is allowed. */
export function checkOptions({ profile, jobs, threads, only, steps }) {
  if (!(profile in profiles)) {
    throw new Error(`--profile ${profile}: must be one of ${Object.keys(profiles).join(', ')}.`);
  }
  for (const [name, value] of Object.entries({ jobs, threads, steps })) {
    if (value !== undefined && !/^[1-9]\d*$/.test(value))
      throw new Error(`--${name} ${value}: must be a whole number from 1.`);
  }
  const { seeds } = profiles[profile];
  const known = runNames(profiles[profile]);
  const keys = [...known].flatMap((name) => seeds.map((seed) => `${name}-${seed}`));
  const unknown = only?.find((name) => !known.has(name) && !keys.includes(name));
  if (unknown)
    throw new Error(
      `--only ${unknown}: must be one of ${[...known].join(', ')}, or one of these with a seed (${seeds.join(', ')}), as in plain-1.`,
    );
}
