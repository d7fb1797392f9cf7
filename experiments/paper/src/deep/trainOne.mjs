import { measure } from '@crossreg/experiment-shared/train.mjs';
import { checkpoint } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import { buildModel, sigmas } from './buildModel.mjs';
import { take } from './data.mjs';
import { flatness } from './flatness.mjs';
import { trainSteps } from './training.mjs';

/**
 * Trains one model, from its checkpoint if there is one. See execute.mjs for the arguments.
 *
 * @returns the model, its held-out metrics, and its curve: metrics and σ at every interval.
 */
export async function trainOne({ run, profile, data, steps, seed, shared, store, onStep }) {
  const { model, cross, dispose } = buildModel(run, profile, { seed, regularization: data.regularization });
  const { images, samples } = profile.monitoring;
  const monitored = take(data.test, images);
  const evaluateOn = async (set) => {
    const { accuracy, nll } = await measure(model, set, samples);
    return { accuracy, nll };
  };
  const saved = checkpoint(store, { model, cross }, { settings: { run, profile } });
  const { step, clock, curve, ...rest } = (await saved.restore()) ?? {
    step: 0,
    clock: { theta: 0, rho: 0 },
    curve: [],
    best: { nll: Number.MAX_VALUE, weights: [] },
  };
  let { best } = rest;
  await cross?.onTrainBegin();
  for (let from = step; from < steps; from += profile.interval) {
    const to = Math.min(steps, from + profile.interval);
    const loss = await trainSteps({
      ...shared,
      clock,
      model,
      cross,
      seed,
      from,
      to,
      onStep,
    });
    await cross?.onEpochEnd(to);
    const held = run.scale ? await evaluateOn(data.regularization) : undefined;
    curve.push({ step: to, loss, held, test: await evaluateOn(monitored), sigma: await sigmas(model) });
    // For early stopping: the weights with the lowest held-out loss.
    if (run.scale && held.nll < best.nll) {
      tf.dispose(best.weights);
      best = { nll: held.nll, step: to, weights: model.getWeights().map((w) => tf.clone(w)) };
    }
    await saved.save({ step: to, clock, curve, best });
  }
  await cross?.onTrainEnd();
  const summary = {
    seconds: clock,
    held: await evaluateOn(data.regularization),
    // The name that result files have for the curve.
    course: curve,
    skipped: cross?.history.skipped,
  };
  if (cross) {
    summary.status = Object.fromEntries(
      Object.entries(cross.status()).map(([name, { status }]) => [name, status]),
    );
    summary.flatness = await flatness(model, monitored, profile.samples);
  }
  if (run.scale) {
    const last = model.getWeights().map((w) => tf.clone(w));
    model.setWeights(best.weights);
    const { probabilities: _, ...test } = await measure(model, data.test);
    summary.earlyStopping = { step: best.step, test };
    model.setWeights(last);
    tf.dispose([last, best.weights]);
  }
  tf.dispose([monitored.x, monitored.y]);
  return { model, dispose, ...summary };
}
