import { createSchedule, isRegularizationStep } from '@crossreg/core';
import { fashionMnist } from '@crossreg/datasets';
import { crossRegularization, injectNoise } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';

/** Training steps of the run whose cost is reported: as many as in the quickstart. */
export const RUN = 2400;
/** Training steps per ρ step, averaged over such a run. */
export const meanInterval =
  RUN /
  Array.from({ length: RUN }, (_, step) => step).filter((step) =>
    isRegularizationStep(createSchedule(), step),
  ).length;

export const median = (xs) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];
export async function timed(f) {
  const started = performance.now();
  await f();
  return performance.now() - started;
}
export const compiled = (model) => {
  model.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy' });
  return model;
};

/** A batch of 64 real images with their labels, and the rest of 600 images as the regularization set. */
export async function images() {
  const { train } = await fashionMnist({ train: 600, test: 10, seed: 1 });
  const all = tf.tensor(train.images, train.shape);
  const labels = tf.oneHot(tf.tensor1d(train.labels, 'int32'), 10).cast('float32');
  return {
    batch: [all.slice(0, 64), labels.slice(0, 64)],
    regularizationData: [all.slice(64), labels.slice(64)],
  };
}

/**
 * The cost that cross-regularization adds to training steps with the defaults, on the backend in use: medians of alternating
 * steps of the plain network and the one with noise, and of the ρ steps between them.
 *
 * @param network - makes the network from a seed; a batch is 64 × 28 × 28 × 1, ten classes.
 */
export async function overhead(network, { rounds = 12 } = {}) {
  const {
    batch: [x, y],
    regularizationData,
  } = await images();
  // ρ steps at a fixed interval, so that they can be timed between training steps.
  const every = 20;
  const cross = crossRegularization({ regularizationData, every });
  const [plain, noisy] = [compiled(network(1)), compiled(injectNoise(network(1)))];
  const times = { plain: [], noisy: [], rho: [] };
  cross.setModel(noisy);
  await cross.onTrainBegin();
  for (let step = 0; step < rounds * every; step++) {
    const plainTime = await timed(() => plain.trainOnBatch(x, y));
    const noisyTime = await timed(() => noisy.trainOnBatch(x, y));
    const rhoTime = await timed(() => cross.onBatchEnd(step));
    if (step < every) continue; // the first round warms up
    times.plain.push(plainTime);
    times.noisy.push(noisyTime);
    if ((step + 1) % every === 0) {
      times.rho.push(rhoTime);
      await cross.onEpochEnd(0);
      process.stderr.write(`\rround ${(step + 1) / every}/${rounds}`);
    }
  }
  process.stderr.write('\n');
  const [plainStep, noisyStep, rhoStep] = [times.plain, times.noisy, times.rho].map(median);
  return {
    /** The time of a plain step in milliseconds, for ratios only. */
    plainStep,
    shares: {
      'noise injection': noisyStep / plainStep - 1,
      'ρ steps': rhoStep / meanInterval / plainStep,
      'cross-regularized / plain': (noisyStep + rhoStep / meanInterval) / plainStep,
    },
  };
}

/** The shares as a table. */
export const showShares = (shares) =>
  console.table(
    Object.fromEntries(Object.entries(shares).map(([what, ratio]) => [what, { ratio: ratio.toFixed(3) }])),
  );
