// One of several machines without Redis: each does every nth run. STATE is a folder that all of them see, or a module with a
// storage of unstorage. Kubernetes says which one this is.
import { runAll } from '@crossreg/runs';
import { runs } from './runs.mjs';

const { STATE: state, JOB_COMPLETION_INDEX: index, COMPLETIONS: machines } = process.env;
const mine = runs.filter((_, i) => i % Number(machines) === Number(index));
const outcomes = await runAll({ task: new URL('./train.mjs', import.meta.url), runs: mine, state });
for (const { run, status, error } of outcomes) console.log(run.key, error ? error.message : status);
// Kubernetes starts a machine again whose process ends so; what has a result is not repeated.
if (outcomes.some(({ status }) => status === 'failed')) process.exit(1);
