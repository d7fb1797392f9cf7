import { randomLayers } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import { build, sigmas } from './contender.mjs';
import { firstOf } from './data.mjs';
import { measure, trainSteps } from './training.mjs';

/** Trains one model; see execute.mjs for what goes in. `result` has its course, looked at every interval. */
export async function trainOne({ run, profile, data, steps, seed, shared, onStep }) {
  const { model, cross, dispose } = build(run, profile, { seed, regularization: data.regularization });
  const { images, samples } = profile.glance;
  const seen = firstOf(data.test, images);
  const random = randomLayers(model).length > 0;
  const look = async (set) => {
    const { accuracy, nll } = await measure(model, set, random ? samples : 1);
    return { accuracy, nll };
  };
  const course = [];
  let best = { nll: Number.POSITIVE_INFINITY, weights: [] };
  await cross?.onTrainBegin();
  for (let from = 0; from < steps; from += profile.interval) {
    const to = Math.min(steps, from + profile.interval);
    const loss = await trainSteps({
      ...shared,
      model,
      cross,
      seed,
      from,
      to,
      onStep: (done) => onStep(done),
    });
    await cross?.onEpochEnd(to);
    const held = await look(data.regularization);
    course.push({ step: to, loss, held, test: await look(seen), sigma: sigmas(model) });
    // Early stopping: the weights of the lowest held-out loss.
    if (run.scale && held.nll < best.nll) {
      tf.dispose(best.weights);
      best = { nll: held.nll, step: to, weights: model.getWeights().map((w) => tf.clone(w)) };
    }
  }
  await cross?.onTrainEnd();
  const about = { held: await look(data.regularization), course, skipped: cross?.history.skipped };
  if (run.scale) {
    const last = model.getWeights().map((w) => tf.clone(w));
    model.setWeights(best.weights);
    const { probabilities: _, ...test } = await measure(model, data.test, 1);
    about.earlyStopping = { step: best.step, test };
    model.setWeights(last);
    tf.dispose([last, best.weights]);
  }
  tf.dispose([seen.x, seen.y]);
  return { model, dispose, ...about };
}
