// The task of schedule.mjs for @crossreg/runs: one run, in a process that does runs one after the other, on this machine or
// another (npx @crossreg/runs work --redis … --task experiments/paper/src/deep/paperRun.mjs).
import { useBestBackend } from '@crossreg/tfjs-node';
import { execute, stepCount } from './execute.mjs';
import { provenance } from './provenance.mjs';

// Computed now, because this is the code that the process has loaded; files may change before the run ends.
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
  // As a file would store it: without undefined entries.
  const plain = JSON.parse(JSON.stringify({ ...origin, ...result, backend: chosen }));
  return predictions ? { ...plain, predictions } : plain;
}
