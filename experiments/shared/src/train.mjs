import { setImmediate } from 'node:timers/promises';
import { evaluate } from '@crossreg/calibration';
import { deriveSeed, permutation } from '@crossreg/core';
import { seedNoise } from '@crossreg/tfjs';
import { predict } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';

/**
 * Trains a compiled model for a number of steps. The order of the batches follows from the seed, so that a run can be repeated
 * (`fit` shuffles with Math.random).
 *
 * @param cross - the crossRegularization callback, or nothing for plain training.
 * @param onStep - called after every step.
 * @returns seconds in training steps and in ρ steps, and the training loss of every step.
 */
export async function train({ model, data, steps, batchSize, seed, cross, onStep }) {
  seedNoise(seed);
  const count = data.x.shape[0];
  const perEpoch = Math.floor(count / batchSize);
  let order;
  let [thetaSeconds, rhoSeconds] = [0, 0];
  const losses = [];
  cross?.setModel(model);
  await cross?.onTrainBegin();
  for (let step = 0; step < steps; step++) {
    const at = step % perEpoch;
    if (at === 0) order = [...permutation(count, deriveSeed(seed, step))];
    const indices = tf.tensor1d(order.slice(at * batchSize, (at + 1) * batchSize), 'int32');
    const [x, y] = [tf.gather(data.x, indices), tf.gather(data.y, indices)];
    const started = performance.now();
    losses.push(await model.trainOnBatch(x, y));
    const trained = performance.now();
    await cross?.onBatchEnd(step);
    thetaSeconds += (trained - started) / 1000;
    rhoSeconds += (performance.now() - trained) / 1000;
    tf.dispose([indices, x, y]);
    onStep();
    // wasm computes synchronously. Without this pause no timer runs, and the progress bar needs one when the output is not a
    // terminal.
    await setImmediate();
  }
  await cross?.onTrainEnd();
  return { thetaSeconds, rhoSeconds, losses };
}

/** Accuracy, NLL, Brier score and ECE of the averaged prediction, and the probabilities themselves, [examples · classes]. */
export async function measure(model, { x, labels }, samples = 8) {
  const { mean, variance } = predict(model, x, { samples, batchSize: 250, seed: 1 });
  // Not dataSync: WebGPU has none in Node.
  const probabilities = await mean.data();
  tf.dispose([mean, variance]);
  return { ...evaluate(probabilities, labels), probabilities };
}
