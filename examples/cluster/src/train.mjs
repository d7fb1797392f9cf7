// The task: one linear regression whose norm is learned on held-out data, with a checkpoint every 100 steps.
import { deserialize, serialize } from 'node:v8';
import { adam, createTrainer, deriveSeed, float64 as fw, l2Norm, normLevel } from '@crossreg/core';

/** The streams of a seed, see `deriveSeed`. */
const streams = { inputs: 0, noise: 1 };

const data = (rows, seed) => {
  const x = fw.normal([rows, 12], deriveSeed(seed, streams.inputs));
  const noise = fw.mul(fw.normal([rows, 1], deriveSeed(seed, streams.noise)), fw.array(2));
  return { x, y: fw.add(fw.matMul(x, fw.normal([12, 1], 7)), noise) };
};

export default async function train({ run, checkpoint, onProgress }) {
  const w = fw.variable(fw.normal([12, 1], run.seed));
  const loss = ({ x, y }) => {
    const error = fw.sub(fw.matMul(x, w), y);
    return fw.div(fw.sum(fw.mul(error, error)), fw.array(y.data.length));
  };
  const level = fw.variable(l2Norm().value(fw, [w]));
  const trainer = createTrainer({
    framework: fw,
    theta: [w],
    rho: [normLevel(fw, { name: 'w', weights: [w], regularizer: l2Norm(), variable: level })],
    trainLoss: loss,
    regularizationLoss: loss,
    thetaOptimizer: adam({ learningRate: 0.01 }),
    seed: run.seed,
  });
  const [training, heldOut, test] = [data(20, run.seed), data(40, 1000 + run.seed), data(500, 5000)];
  const kept = await checkpoint.read();
  let step = 0;
  if (kept) {
    const state = deserialize(kept);
    trainer.loadState(state);
    step = state.step;
  }
  while (step < run.steps) {
    trainer.step(training, () => heldOut);
    step++;
    onProgress(step, run.steps);
    if (step % 100 === 0) await checkpoint.write(serialize(await trainer.state()));
  }
  return { norm: level.data[0], testLoss: loss(test).data[0], weights: w.data };
}
