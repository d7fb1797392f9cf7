import { measure } from '@crossreg/experiment-shared/train.mjs';
import { checkpoint } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import { build, sigmas } from './contender.mjs';
import { firstOf } from './data.mjs';
import { trainSteps } from './training.mjs';

/**
 * Trains one model, from its checkpoint if there is one; see execute.mjs for what goes in.
 *
 * @returns the model, its held-out figures, and its course: figures and σ at every interval.
 */
export async function trainOne({ run, profile, data, steps, seed, shared, folder, onStep }) {
  const { model, cross, dispose } = build(run, profile, { seed, regularization: data.regularization });
  const { images, samples } = profile.glance;
  const seen = firstOf(data.test, images);
  const look = (set) => {
    const { accuracy, nll } = measure(model, set, samples);
    return { accuracy, nll };
  };
  const kept = checkpoint(folder, { model, cross }, { settings: { run, profile } });
  const { step, clock, course, ...rest } = (await kept.restore()) ?? {
    step: 0,
    clock: { theta: 0, rho: 0 },
    course: [],
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
    const held = run.scale ? look(data.regularization) : undefined;
    course.push({ step: to, loss, held, test: look(seen), sigma: sigmas(model) });
    // Early stopping: the weights of the lowest held-out loss.
    if (run.scale && held.nll < best.nll) {
      tf.dispose(best.weights);
      best = { nll: held.nll, step: to, weights: model.getWeights().map((w) => tf.clone(w)) };
    }
    await kept.save({ step: to, clock, course, best });
  }
  await cross?.onTrainEnd();
  const about = {
    seconds: clock,
    held: look(data.regularization),
    course,
    skipped: cross?.history.skipped,
  };
  if (run.scale) {
    const last = model.getWeights().map((w) => tf.clone(w));
    model.setWeights(best.weights);
    const { probabilities: _, ...test } = measure(model, data.test);
    about.earlyStopping = { step: best.step, test };
    model.setWeights(last);
    tf.dispose([last, best.weights]);
  }
  tf.dispose([seen.x, seen.y]);
  return { model, dispose, ...about };
}
