// Does all runs, in local processes or on the workers at REDIS_URL, and prints their results.
import { runAll } from '@crossreg/runs';
import { runs } from './runs.mjs';

const { REDIS_URL: connection, STORAGE: storage = connection ? undefined : 'out' } = process.env;
const outcomes = await runAll({ task: new URL('./train.mjs', import.meta.url), runs, connection, storage });
for (const { run, status, result, error } of outcomes) {
  if (status === 'failed') console.error(`✖ ${run.key}: ${error.name}: ${error.message}`);
  else console.log(`${run.key}  ‖w‖ ${result.norm.toFixed(3)}  test loss ${result.testLoss.toFixed(3)}`);
}
if (outcomes.some(({ status }) => status === 'failed')) process.exit(1);
