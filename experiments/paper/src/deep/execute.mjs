import {
  evaluate,
  logitsOf,
  reliabilityCurve,
  temperatureScaling,
  vectorScaling,
} from '@crossreg/calibration';
import { createSchedule, expectedOverhead } from '@crossreg/core';
import { measure } from '@crossreg/experiment-shared/train.mjs';
import * as tf from '@tensorflow/tfjs';
import { sigmas } from './buildModel.mjs';
import { prepare, take } from './data.mjs';
import { trainPopulation } from './population.mjs';
import { batchOrder } from './training.mjs';
import { trainOne } from './trainOne.mjs';

/** Bins of a reliability diagram. */
const binsOf = (probabilities, labels) =>
  reliabilityCurve(probabilities, labels).map(({ confidence, accuracy, count }) => ({
    confidence,
    accuracy,
    count,
  }));
/** The four metrics, with the bins. */
const evaluateWithBins = (probabilities, labels) => ({
  ...evaluate(probabilities, labels),
  bins: binsOf(probabilities, labels),
});

/** The steps at which the training data of a run grow. All stages have the same length. */
function stagesOf(run, profile, count) {
  if (!run.growing) return { stages: [{ start: 0, count }], steps: profile.steps * (run.times ?? 1) };
  const steps =
    profile.interval *
    profile.growing.length *
    Math.ceil((2 * profile.steps) / profile.interval / profile.growing.length);
  const length = steps / profile.growing.length;
  return { stages: profile.growing.map((size, i) => ({ start: i * length, count: size })), steps };
}

/** The training steps of a run, added up over its models. */
export function stepCount(run, profile) {
  const { steps } = stagesOf(run, profile);
  return run.ensemble ? 0 : steps * (run.population ? profile.population : 1);
}

/**
 * Does one run, from its beginning or its last checkpoint to its end.
 *
 * @param run - of experiments.mjs.
 * @param checkpoint - a store or a folder for its checkpoint.
 * @param memberPredictions - for an ensemble: the test probabilities of its members.
 * @param onStep - called with the number of steps done so far by all models together.
 * @returns the run's result, and `predictions`, its test probabilities, unless it is an ensemble.
 */
export async function execute(run, profile, { checkpoint, memberPredictions, onStep }) {
  const { held = profile.held } = run;
  const images = run.growing ? profile.growing.at(-1) + held : profile.images;
  const data = await prepare({ ...profile, images, held }, run);
  const result = run.ensemble
    ? ensemble(memberPredictions, data)
    : await trainAndEvaluate(run, profile, data, { checkpoint, onStep });
  for (const { x, y } of Object.values(data)) tf.dispose([x, y]);
  return result;
}

async function trainAndEvaluate(run, profile, data, { checkpoint, onStep }) {
  const set = data.training;
  const { stages, steps } = stagesOf(run, profile, set.labels.length);
  const seed = run.initSeed ?? run.seed;
  const shared = {
    set,
    order: batchOrder({ stages, batchSize: profile.batchSize, seed }),
    rateAt: (step) =>
      run.cosine ? (profile.rate / 2) * (1 + Math.cos((Math.PI * step) / steps)) : profile.rate,
    weightDecay: run.weightDecay,
  };
  const train = run.population ? trainPopulation : trainOne;
  const { model, dispose, ...summary } = await train({
    run,
    profile,
    data,
    steps,
    seed,
    shared,
    store: checkpoint,
    onStep,
  });

  const { samples } = profile;
  const { probabilities, ...test } = await measure(model, data.test, samples);
  const first = take(set, Math.min(1000, set.labels.length));
  const { probabilities: _, ...trainMetrics } = await measure(model, first, samples);
  tf.dispose([first.x, first.y]);
  const { estimator: _estimator, ...schedule } = run.cross ?? {};
  const costPerStep = run.cross
    ? 1 + expectedOverhead(createSchedule(schedule), 32 / profile.batchSize, steps)
    : 1;
  const result = {
    steps,
    stepEquivalents: stepCount(run, profile) * costPerStep,
    test: { ...test, bins: binsOf(probabilities, data.test.labels) },
    train: trainMetrics,
    sigma: await sigmas(model),
    ...summary,
  };
  if (run.scale) {
    const held = await measure(model, data.regularization, samples);
    for (const [name, scaling] of Object.entries({ temperatureScaling, vectorScaling })) {
      const fitted = scaling(logitsOf(held.probabilities, 10), data.regularization.labels);
      result[name] = {
        temperature: fitted.temperature,
        test: evaluateWithBins(fitted.apply(logitsOf(probabilities, 10)), data.test.labels),
      };
    }
  }
  dispose();
  return { ...result, predictions: probabilities };
}

/** The mean prediction of finished runs. */
function ensemble(predictions, { test }) {
  const mean = predictions[0].map(
    (_, i) => predictions.reduce((sum, p) => sum + p[i], 0) / predictions.length,
  );
  return { test: evaluateWithBins(mean, test.labels) };
}
