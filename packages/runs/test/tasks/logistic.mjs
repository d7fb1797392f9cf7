// Iterates a chaotic map, with a checkpoint every step: a run that lost or repeated a step ends elsewhere.
import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

export default async function logistic({ run, checkpoint, onProgress }) {
  const kept = await checkpoint.read();
  const state = kept ? JSON.parse(Buffer.from(kept).toString()) : { step: 0, x: run.x };
  appendFileSync(run.log, `${run.key} from ${state.step} pid ${process.pid}\n`);
  while (state.step < run.steps) {
    state.x = 3.9 * state.x * (1 - state.x);
    state.step++;
    await checkpoint.write(Buffer.from(JSON.stringify(state)));
    await setTimeout(run.pause);
    onProgress(state.step, run.steps);
  }
  appendFileSync(run.log, `${run.key} ended\n`);
  return { x: state.x, path: Float32Array.of(state.x) };
}
