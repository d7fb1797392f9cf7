// Does the drop-in do harm? Small problems with default options: mean test loss relative to plain training.
import { crossRegularization, injectNoise, predict } from '@crossreg/tfjs-layers';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { wholeResults } from '../deep/resultStore.mjs';
import { batchOrder, trainSteps } from '../deep/training.mjs';
import { problems } from './problems.mjs';
import { harmTable } from './table.mjs';

// Seeds 1 to 5 were used when the defaults were chosen (docs/results.md).
const SEEDS = Array.from({ length: 20 }, (_, i) => 6 + i);
const batchSize = 32;

/**
 * Options of injectNoise and crossRegularization, if any; whether to train on the held-out examples; and the momentum of batch
 * normalization. The callback lowers that momentum while noise is learned, and one row shows the effect of this alone.
 */
const methods = {
  plain: {},
  'plain, all examples': { all: true },
  'plain, batch norm momentum 0.9': { momentum: 0.9 },
  'cross-regularized': { noise: {}, cross: {} },
  'cross-regularized, σ from 0.3': { noise: { initialSigma: 0.3 }, cross: {} },
};

/** NLL for classes, mean squared error for numbers. */
function testLoss(model, { x, y }) {
  return tf.tidy(() => {
    const { mean } = predict(model, x, { samples: 16, batchSize: 500 });
    const classes = y.shape[1] > 1;
    const losses = classes
      ? tf.neg(tf.sum(tf.mul(y, tf.log(tf.maximum(mean, 1e-7))), 1))
      : tf.squaredDifference(y, mean);
    return tf.mean(losses).dataSync()[0];
  });
}

const batchNorms = (model) => model.layers.filter((layer) => layer.getClassName() === 'BatchNormalization');

async function train({ model: build, rate, epochs }, data, { all, momentum, noise, cross: options }, seed) {
  const base = build(seed);
  if (momentum) for (const layer of batchNorms(base)) layer.momentum = momentum;
  const model = noise ? injectNoise(base, noise) : base;
  const classes = data.test.y.shape[1] > 1;
  model.compile({
    optimizer: tf.train.adam(rate),
    loss: classes ? 'categoricalCrossentropy' : 'meanSquaredError',
  });
  const { training, held } = data;
  // Forty random examples of ten digits may lack a digit.
  const heldOut = { regularizationData: [held.x, held.y], allowMissingClasses: true };
  const cross = options && crossRegularization({ ...heldOut, seed, ...options });
  const set = all
    ? { x: tf.concat([training.x, held.x]), y: tf.concat([training.y, held.y]) }
    : { x: training.x, y: training.y };
  // All methods take the same number of steps.
  const steps = epochs * Math.floor(training.x.shape[0] / batchSize);
  cross?.setModel(model);
  await cross?.onTrainBegin();
  await trainSteps({
    model,
    set,
    cross,
    seed,
    order: batchOrder({ stages: [{ start: 0, count: set.x.shape[0] }], batchSize, seed }),
    rateAt: () => rate,
    from: 0,
    to: steps,
    clock: { theta: 0, rho: 0 },
    onStep() {},
  });
  await cross?.onTrainEnd();
  const loss = testLoss(model, data.test);
  const rho = Object.values(cross?.history.rho ?? {}).map(({ value }) => value.at(-1));
  if (all) tf.dispose(set);
  cross?.dispose();
  model.dispose();
  return { loss, steps, sigma: rho };
}

/** Trains what has no results, prints the table and writes the figures. */
export async function harm() {
  const { threads } = await useWasm({ threads: 1 });
  const results = wholeResults.has('harm') ? wholeResults.read('harm').results : {};
  for (const [name, problem] of Object.entries(problems)) {
    results[name] ??= { description: problem.description, runs: {} };
    const { runs } = results[name];
    const missing = Object.keys(methods).filter((method) => !runs[method]);
    if (missing.length === 0) continue;
    for (const method of missing) runs[method] = [];
    const first = problem.model(SEEDS[0]);
    const normalizes = batchNorms(first).length > 0;
    first.dispose();
    for (const seed of SEEDS) {
      const data = await problem.data(seed);
      for (const method of missing) {
        if (methods[method].momentum && !normalizes) continue;
        const one = await train(problem, data, methods[method], seed);
        results[name].steps = one.steps;
        runs[method].push({ seed, loss: one.loss, sigma: one.sigma });
      }
      for (const { x, y } of Object.values(data)) tf.dispose([x, y]);
      process.stderr.write(`\r${name}: seed ${seed} `);
    }
    process.stderr.write('\n');
    wholeResults.write('harm', { seeds: SEEDS, threads, results });
  }
  console.log(harmTable({ results }));
}
