// A process that does one run after the other: told by message, answers with progress and the result. Started by
// schedule.mjs.
import { useBestBackend } from '@crossreg/tfjs-node';
import { execute } from './execute.mjs';

/** One for all runs. */
let choice;

process.on('disconnect', () => process.exit(1));
process.on('message', async ({ run, profile, folder, backend, threads }) => {
  choice ??= useBestBackend({ require: [backend], threads });
  const { chosen } = await choice;
  let reported = 0;
  const onStep = (done) => {
    if (performance.now() - reported < 300) return;
    reported = performance.now();
    // Where nobody listens any more, `disconnect` ends the process.
    process.send({ done }, () => {});
  };
  const started = performance.now();
  const result = await execute(run, profile, { folder, onStep });
  process.send({ result: { ...result, backend: chosen, duration: (performance.now() - started) / 1000 } });
});
