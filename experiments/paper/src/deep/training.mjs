import { setImmediate } from 'node:timers/promises';
import { deriveSeed, permutation } from '@crossreg/core';
import { seedNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';

/** The examples in the batch of a step. They depend on the step alone, so that a run can continue at any step. */
export function batchOrder({ stages, batchSize, seed }) {
  let known = {};
  return (step) => {
    const { start, count } = stages.findLast((stage) => stage.start <= step);
    const perEpoch = Math.floor(count / batchSize);
    const epoch = Math.floor((step - start) / perEpoch);
    if (known.start !== start || known.epoch !== epoch) {
      known = { start, epoch, order: permutation(count, deriveSeed(seed, start, epoch)) };
    }
    const at = (step - start) % perEpoch;
    return known.order.subarray(at * batchSize, (at + 1) * batchSize);
  };
}

/**
 * Trains a compiled model from one step to another.
 *
 * @param set - `{ x, y }`, all images.
 * @param order - of {@link batchOrder}.
 * @param cross - the crossRegularization callback, or nothing.
 * @param rateAt - θ's learning rate by step.
 * @param weightDecay - of AdamW: every kernel shrinks by rate · weightDecay in each step (Loshchilov & Hutter 2019).
 * @param clock - the seconds spent in θ and ρ steps are added to its `theta` and `rho`.
 * @returns the mean training loss.
 */
export async function trainSteps({
  model,
  set,
  order,
  seed,
  from,
  to,
  cross,
  rateAt,
  weightDecay = 0,
  clock,
  onStep,
}) {
  // Each interval has its own state, so that a run that continues at its start repeats it.
  seedNoise(deriveSeed(seed, from));
  const decayed = weightDecay > 0 ? kernelsOf(model) : [];
  let sum = 0;
  for (let step = from; step < to; step++) {
    const indices = tf.tensor1d([...order(step)], 'int32');
    const [x, y] = [tf.gather(set.x, indices), tf.gather(set.y, indices)];
    const rate = rateAt(step);
    model.optimizer.learningRate = rate;
    const started = performance.now();
    sum += await model.trainOnBatch(x, y);
    tf.tidy(() => {
      for (const kernel of decayed) kernel.write(tf.mul(kernel.read(), 1 - rate * weightDecay));
    });
    const trained = performance.now();
    await cross?.onBatchEnd(step);
    clock.theta += (trained - started) / 1000;
    clock.rho += (performance.now() - trained) / 1000;
    tf.dispose([indices, x, y]);
    onStep(step + 1);
    // wasm computes synchronously. Without this pause, no message leaves the process.
    if (step % 10 === 0) await setImmediate();
  }
  return sum / (to - from);
}

/** Kernels and similar weights. Not found by `name`, which contains a count of all layers made in the process. */
function kernelsOf(model) {
  const kernels = model.trainableWeights.filter(({ originalName }) =>
    /(kernel|projection|mixing)$/.test(originalName),
  );
  if (kernels.length === 0) throw new Error(`${model.name} has no kernel to decay.`);
  return kernels;
}
