// The task of schedule.mjs for @crossreg/runs: one run, in a process that does one after the other, here or on another
// machine (npx @crossreg/runs work --redis … --task experiments/paper/src/deep/paperRun.mjs).
import { useBestBackend } from '@crossreg/tfjs-node';
import { execute, stepCount } from './execute.mjs';
import { provenance } from './provenance.mjs';

// Now, because this is the code that the process has read when the run ends.
const origin = provenance();
/** One for all runs. */
let choice;

export default async function paperRun({ run: order, checkpoint, onProgress }) {
  const { run, profile, backend, threads, memberPredictions } = order;
  choice ??= useBestBackend({ require: [backend], threads });
  const { chosen } = await choice;
  const total = stepCount(run, profile);
  const { predictions, ...result } = await execute(run, profile, {
    ...{ checkpoint, memberPredictions },
    onStep: (done) => onProgress(done, total),
  });
  // As a file has it: without what is undefined.
  const plain = JSON.parse(JSON.stringify({ ...origin, ...result, backend: chosen }));
  return predictions ? { ...plain, predictions } : plain;
}
