// The cost of createTrainer of core relative to the same loop written by hand: an MLP 784-256-128-10 with learned noise on the
// wasm backend, one thread, batch 64, a ρ step of 4 samples every 20 steps. Medians of whole rounds (20 training steps
// and the ρ step that follows), taken alternately in one process.
import {
  adam,
  averagePredictions,
  createTrainer,
  exp,
  RegularizationStep,
  regularizationParameter,
} from '@crossreg/core';
import { addNoise, deriveKey, tfjs, trainOptimizer } from '@crossreg/tfjs';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { median } from './overhead.mjs';

const [BATCH, EVERY, SAMPLES, ROUNDS] = [64, 20, 4, process.argv.includes('--quick') ? 5 : 15];
await useWasm({ threads: 1 });

const x = tf.randomUniform([BATCH, 784], 0, 1, 'float32', 1);
const labels = Array.from({ length: BATCH }, (_, i) => i % 10);
const y = tf.oneHot(tf.tensor1d(labels, 'int32'), 10).cast('float32');

/** θ, ρ and the two losses: the same numbers for every loop. */
function problem() {
  const widths = [784, 256, 128, 10];
  const theta = widths
    .slice(1)
    .flatMap((width, i) => [
      tf.variable(tf.randomNormal([widths[i], width], 0, Math.sqrt(2 / widths[i]), 'float32', i + 1)),
      tf.variable(tf.zeros([width])),
    ]);
  const rho = [0, 1].map((i) =>
    regularizationParameter(tfjs, {
      name: `noise${i}`,
      variable: tf.variable(tf.scalar(Math.log(0.1)), false),
      bijector: exp,
    }),
  );
  const logits = (inputs, seed) =>
    [0, 1, 2].reduce((h, i) => {
      const linear = tf.add(tf.matMul(h, theta[2 * i]), theta[2 * i + 1]);
      return i < 2 ? tf.relu(addNoise(linear, rho[i].value(), deriveKey(seed, i))) : linear;
    }, inputs);
  return {
    theta,
    rho,
    trainLoss: (_, { seed }) => tf.losses.softmaxCrossEntropy(y, logits(x, seed)),
    regularizationLoss(_, { samples, seed }) {
      const drawn = logits(tf.tile(x, [samples, 1]), seed);
      return tf.losses.softmaxCrossEntropy(
        y,
        averagePredictions(tfjs, tf.reshape(drawn, [samples, BATCH, 10]), 'logits'),
      );
    },
  };
}

function byHand() {
  const { theta, rho, trainLoss, regularizationLoss } = problem();
  const optimizer = tf.train.adam(1e-3);
  const regularization = new RegularizationStep({ framework: tfjs, rho });
  let step = 0;
  return () => {
    optimizer.minimize(() => trainLoss(x, { seed: 2 * step }), false, theta);
    step += 1;
    if (step % EVERY !== 0) return;
    regularization.run(() => regularizationLoss(x, { samples: SAMPLES, seed: 2 * step + 1 }), step);
  };
}

function byCore(thetaOptimizer) {
  const made = problem();
  const run = createTrainer({
    ...{ framework: tfjs, ...made, thetaOptimizer },
    schedule: { every: EVERY, samples: SAMPLES },
  });
  return () => run.step(x, () => x).dispose();
}

const loops = {
  'by hand: tf.train.adam, addNoise, the ρ step alone': byHand(),
  "createTrainer, core's adam by tf.train.adam": byCore(adam({ learningRate: 1e-3 })),
  'createTrainer, trainOptimizer(tf.train.adam)': byCore(trainOptimizer(tf.train.adam(1e-3))),
};
// Without its settings a factory cannot be recognized, so this is Adam made of some thirty operations per variable.
const portable = adam({ learningRate: 1e-3 });
loops["createTrainer, core's adam by operations of the framework"] = byCore((framework, variables) =>
  portable(framework, variables),
);
const times = Object.fromEntries(Object.keys(loops).map((name) => [name, []]));
for (let round = -2; round < ROUNDS; round++) {
  for (const [name, step] of Object.entries(loops)) {
    const started = performance.now();
    for (let i = 0; i < EVERY; i++) step();
    if (round >= 0) times[name].push((performance.now() - started) / EVERY);
  }
}
const [hand] = Object.values(times).map(median);
console.log(`Node ${process.version}, wasm, 1 thread, batch ${BATCH}, ${ROUNDS} rounds of ${EVERY} steps`);
console.table(
  Object.fromEntries(
    Object.entries(times).map(([name, each]) => [
      name,
      { 'ms per step': median(each).toFixed(2), 'relative to by hand': (median(each) / hand).toFixed(2) },
    ]),
  ),
);
process.exit(0);
