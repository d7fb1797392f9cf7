import { createTrainer, float64 as fw, normLevel, sgd } from '@crossreg/core';

/** Rows [n] and n targets, as arrays of core. */
export const batchOf = (x, y) => ({
  x: fw.array(
    x.flatMap((row) => [...row]),
    [x.length, x[0].length],
  ),
  y: fw.array(y, [y.length, 1]),
});

export const squaredError = (w, { x, y }) => {
  const error = fw.sub(fw.matMul(x, w), y);
  return fw.div(fw.sum(fw.mul(error, error)), fw.array(y.data.length));
};

/**
 * The paper's alternating scheme on a linear regression without intercept: gradient steps of θ on the training batch and, every
 * `every` steps, of ρ on the held-out one. Returns w and the path of ρ, one number per step.
 */
export function alternate({
  training,
  heldOut,
  regularizer,
  start,
  steps,
  thetaRate,
  rhoRate,
  scheme = 'retracted',
  thetaOptimizer,
  every = 1,
  batchAt = () => training,
}) {
  const w = fw.variable(fw.array(start, [start.length, 1]));
  const level = fw.variable(regularizer.value(fw, [w]));
  const cross = createTrainer({
    framework: fw,
    theta: [w],
    rho: [normLevel(fw, { name: 'w', weights: [w], regularizer, variable: level, scheme })],
    trainLoss: (batch) => squaredError(w, batch),
    regularizationLoss: (batch) => squaredError(w, batch),
    schedule: { every },
    thetaOptimizer: thetaOptimizer ?? sgd({ learningRate: thetaRate }),
    rhoOptimizer: sgd({ learningRate: rhoRate }),
  });
  const path = [level.data[0]];
  for (let i = 0; i < steps; i++) {
    cross.step(batchAt(i), () => heldOut);
    path.push(level.data[0]);
  }
  return { w: w.data.slice(), path };
}
