// A short real training: linear regression whose weight decay's place is taken by a learned norm. It keeps a checkpoint at
// every tenth step, and logs every step.
import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { deserialize, serialize } from 'node:v8';
import { adam, createTrainer, deriveSeed, float64 as fw, l2Norm, normLevel } from '@crossreg/core';

/** The streams of a seed, see `deriveSeed`. */
const streams = { inputs: 0, noise: 1 };

const data = (rows, seed) => {
  const x = fw.normal([rows, 12], deriveSeed(seed, streams.inputs));
  const noise = fw.mul(fw.normal([rows, 1], deriveSeed(seed, streams.noise)), fw.array(2));
  return { x, y: fw.add(fw.matMul(x, fw.normal([12, 1], 7)), noise) };
};

export default async function ridge({ run, checkpoint, onProgress }) {
  const w = fw.variable(fw.normal([12, 1], run.seed));
  const loss = ({ x, y }) => {
    const error = fw.sub(fw.matMul(x, w), y);
    return fw.div(fw.sum(fw.mul(error, error)), fw.array(y.data.length));
  };
  const trainer = createTrainer({
    framework: fw,
    theta: [w],
    rho: [
      normLevel(fw, {
        name: 'w',
        weights: [w],
        regularizer: l2Norm(),
        variable: fw.variable(l2Norm().value(fw, [w])),
      }),
    ],
    trainLoss: loss,
    regularizationLoss: loss,
    schedule: { every: 5 },
    thetaOptimizer: adam({ learningRate: 0.02 }),
    seed: run.seed,
  });
  const kept = await checkpoint.read();
  let step = 0;
  if (kept) {
    const state = deserialize(kept);
    trainer.loadState(state);
    step = state.step;
  }
  const heldOut = data(30, 1000);
  while (step < run.steps) {
    trainer.step(data(20, run.seed * 100 + step), () => heldOut);
    appendFileSync(run.log, `${run.key} ${step} ${process.pid}\n`);
    step++;
    if (step % 10 === 0) await checkpoint.write(serialize(await trainer.state()));
    await setTimeout(run.pause);
    onProgress(step, run.steps);
  }
  await trainer.history.flush();
  return { w: w.data, level: trainer.history.rho.w.value };
}
