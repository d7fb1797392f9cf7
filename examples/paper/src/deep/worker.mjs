// A process that does one run after the other: told by message, answers with progress and the result. Started by
// schedule.mjs.
import { useWasm } from '@crossreg/tfjs-wasm';
import { execute } from './execute.mjs';

process.on('disconnect', () => process.exit(1));
process.on('message', async ({ run, profile, folder, threads }) => {
  await useWasm({ threads });
  let reported = 0;
  const onStep = (done) => {
    if (performance.now() - reported < 300) return;
    reported = performance.now();
    // Where nobody listens any more, `disconnect` ends the process.
    process.send({ done }, () => {});
  };
  const started = performance.now();
  const result = await execute(run, profile, { folder, onStep });
  process.send({ result: { ...result, duration: (performance.now() - started) / 1000 } });
});
