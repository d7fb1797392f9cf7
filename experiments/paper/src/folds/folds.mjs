// Few examples: five models on five folds, next to other ways to use the same data. All options have their defaults.
import { evaluate } from '@crossreg/calibration';
import { createSchedule, isRegularizationStep } from '@crossreg/core';
import { Ensemble, fitEnsemble, predict } from '@crossreg/tfjs-layers';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { wholeResults } from '../deep/resultStore.mjs';
import { batchOrder, trainSteps } from '../deep/training.mjs';
import { problems } from '../harm/problems.mjs';
import { problemsOfFolds } from './problems.mjs';
import { tablesOfFolds } from './tables.mjs';

// Networks, rates and epochs come from the harm experiment. These seeds are different, so nothing was chosen on them.
const SEEDS = [11, 12, 13, 14, 15];
const MEMBERS = 5;
const batchSize = 32;

const mean = (xs) => xs.reduce((a, b) => a + b, 0) / xs.length;

/** Mean squared error for numbers; the usual metrics for classes. */
async function scores(prediction, y) {
  try {
    const { mean: average } = prediction;
    if (y.shape[1] === 1) {
      return { mse: tf.tidy(() => tf.mean(tf.squaredDifference(y, average)).dataSync()[0]) };
    }
    const labels = tf.tidy(() => tf.argMax(y, 1).dataSync());
    return evaluate(average.dataSync(), labels);
  } finally {
    tf.dispose(prediction);
  }
}

/** The scores of an ensemble, and the mean scores of its single members. Disposes the ensemble. */
async function scoresOf(ensemble, { x, y }) {
  const options = { samples: 16, batchSize: 500 };
  const together = await scores(ensemble.predict(x, options), y);
  const each = [];
  for (const member of ensemble.members) each.push(await scores(predict(member, x, options), y));
  const alone = Object.fromEntries(
    Object.keys(together).map((key) => [key, mean(each.map((one) => one[key]))]),
  );
  ensemble.dispose();
  return { together, alone };
}

const memberSeed = (seed, member) => seed + 100 * member;

/** Plain training on every example. */
async function plainEnsemble(createModel, set, { rate, steps, seed }) {
  const models = [];
  for (let member = 0; member < MEMBERS; member++) {
    const model = createModel({ member });
    const own = memberSeed(seed, member);
    await trainSteps({
      ...{ model, set, seed: own, from: 0, to: steps, rateAt: () => rate, onStep() {} },
      order: batchOrder({ stages: [{ start: 0, count: set.x.shape[0] }], batchSize, seed: own }),
      clock: { theta: 0, rho: 0 },
    });
    model.optimizer.dispose();
    models.push(model);
  }
  return new Ensemble(models);
}

/** Trains five members in each of three ways on the same examples, for as many steps. */
async function trainAll({ model: build, rate, epochs, data }, seed) {
  const { training, held, test } = await data(seed);
  const set = { x: tf.concat([training.x, held.x]), y: tf.concat([training.y, held.y]) };
  const loss = set.y.shape[1] > 1 ? 'categoricalCrossentropy' : 'meanSquaredError';
  const createModel = ({ member }) => {
    const one = build(memberSeed(seed, member));
    one.compile({ optimizer: tf.train.adam(rate), loss });
    return one;
  };
  // Each holds out a fifth of the examples.
  const held5 = { folds: MEMBERS };
  const cross = async (regularizationData) => {
    let rhoSteps = 0;
    let steps = 0;
    const ensemble = await fitEnsemble(createModel, set.x, set.y, {
      ...{ regularizationData, members: MEMBERS, noise: true, seed },
      fit: {
        ...{ epochs, batchSize, verbose: 0 },
        callbacks: {
          onBatchEnd: async () => {
            steps += 1;
          },
        },
      },
    });
    const schedule = createSchedule();
    const perMember = steps / MEMBERS;
    for (let step = 0; step < perMember; step++) if (isRegularizationStep(schedule, step)) rhoSteps += 1;
    return { ensemble, steps: perMember, rhoSteps };
  };
  const result = { seed };
  const split = await cross({ ...held5, fold: 0 });
  Object.assign(result, { steps: split.steps, rhoSteps: split.rhoSteps });
  result.split = await scoresOf(split.ensemble, test);
  const folds = await cross(held5);
  result.folds = { steps: folds.steps, ...(await scoresOf(folds.ensemble, test)) };
  const plain = await plainEnsemble(createModel, set, { rate, steps: Math.round(split.steps), seed });
  result.plain = await scoresOf(plain, test);
  for (const { x, y } of [training, held, test, set]) tf.dispose([x, y]);
  return result;
}

/** Trains the models without a result, writes the results and prints the table. */
export async function folds() {
  await useWasm({ threads: 1 });
  const results = wholeResults.has('folds') ? wholeResults.read('folds') : {};
  // Seed by seed, so that all ways have the same number of results if the program is stopped.
  for (const seed of SEEDS) {
    for (const [name, { of, times }] of Object.entries(problemsOfFolds)) {
      results[name] ??= [];
      const runs = results[name];
      if (runs.some((run) => run.seed === seed)) continue;
      const started = performance.now();
      const { epochs, ...problem } = problems[of];
      runs.push(await trainAll({ ...problem, epochs: times * epochs }, seed));
      wholeResults.write('folds', results);
      const seconds = ((performance.now() - started) / 1000).toFixed();
      process.stderr.write(`${name}, seed ${seed}: ${seconds} s\n`);
    }
  }
  console.log(Object.values(tablesOfFolds(results)).join('\n\n'));
}
