// One of several machines without Redis: each does every nth run. STORAGE is a folder that all machines share, or a module with a
// storage of unstorage. Kubernetes sets the index of this machine.
import { runAll } from '@crossreg/runs';
import { runs } from './runs.mjs';

const { STORAGE: storage, JOB_COMPLETION_INDEX: index, COMPLETIONS: machines } = process.env;
const mine = runs.filter((_, i) => i % Number(machines) === Number(index));
const outcomes = await runAll({ task: new URL('./train.mjs', import.meta.url), runs: mine, storage });
for (const { run, status, error } of outcomes) console.log(run.key, error ? error.message : status);
// After such an exit status Kubernetes restarts the machine. Runs with a result are not repeated.
if (outcomes.some(({ status }) => status === 'failed')) process.exit(1);
