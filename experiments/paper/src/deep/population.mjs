import { deriveSeed, uniform } from '@crossreg/core';
import { measure } from '@crossreg/experiment-shared/train.mjs';
import { checkpoint, noiseLayers } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import { buildModel, sigmas } from './buildModel.mjs';
import { trainSteps } from './training.mjs';

/** σ of a new member is log-uniform between these, drawn for each layer. */
const range = [0.05, 2];

/** The streams of a seed, see `deriveSeed`. Results depend on these numbers, so none changes. */
const streams = { initialSigma: 77, perturbation: 78 };

/**
 * Population-based training (Jaderberg et al. 2017) of the noise scales: every interval each model is scored by the NLL of
 * its averaged prediction for the held-out images; the worst quarter (at least one) copies weights, optimizer state and σ of
 * the best quarter, and multiplies every σ by 0.8 or 1.25. See execute.mjs for the arguments.
 *
 * @returns the best member by its last score.
 */
export async function trainPopulation({ run, profile, data, steps, seed, shared, store, onStep }) {
  const size = profile.population;
  const memberSeed = (i) => seed + 1000 * i;
  const members = Array.from({ length: size }, (_, i) => {
    const member = buildModel(run, profile, { seed: memberSeed(i), regularization: data.regularization });
    const next = uniform(deriveSeed(seed, streams.initialSigma, i));
    for (const layer of noiseLayers(member.model)) {
      const [low, high] = range.map(Math.log);
      tf.tidy(() => layer.rho.assign(tf.scalar(low + (high - low) * next())));
    }
    return member;
  });
  const quarter = Math.max(1, Math.floor(size / 4));
  const trained = members.map(({ model, cross }) => ({ model, cross }));
  const saved = checkpoint(store, trained, { settings: { run, profile } });
  const { step, clock, curve, ...rest } = (await saved.restore()) ?? {
    step: 0,
    clock: { theta: 0, rho: 0 },
    curve: [],
    scores: [],
  };
  let { scores } = rest;
  for (let from = step; from < steps; from += profile.interval) {
    const to = Math.min(steps, from + profile.interval);
    scores = [];
    for (const [i, { model }] of members.entries()) {
      await trainSteps({
        ...shared,
        clock,
        model,
        seed: memberSeed(i),
        from,
        to,
        onStep: (done) => onStep(from * size + i * (to - from) + (done - from)),
      });
      const { accuracy, nll } = await measure(model, data.regularization, profile.monitoring.samples);
      scores.push({ i, accuracy, nll });
    }
    scores.sort((a, b) => a.nll - b.nll);
    curve.push({ step: to, held: scores[0], sigma: await sigmas(members[scores[0].i].model) });
    for (let k = 0; k < quarter && to < steps; k++) {
      const next = uniform(deriveSeed(seed, streams.perturbation, to, k));
      const winner = members[scores[k].i];
      const loser = members[scores[size - 1 - k].i];
      await copy(winner.model, loser.model);
      for (const layer of noiseLayers(loser.model)) {
        const factor = Math.log(next() < 0.5 ? 0.8 : 1.25);
        tf.tidy(() => layer.rho.assign(tf.add(layer.rho, factor)));
      }
    }
    await saved.save({ step: to, clock, curve, scores });
  }
  const chosen = members[scores[0].i];
  return {
    model: chosen.model,
    dispose: () => {
      for (const { dispose } of members) dispose();
    },
    seconds: clock,
    held: scores[0],
    course: curve,
  };
}

/** Copies weights and optimizer state from one model to another of the same architecture. */
async function copy(from, to) {
  to.setWeights(from.getWeights());
  const [state, former] = [await from.optimizer.getWeights(), await to.optimizer.getWeights()];
  await to.optimizer.setWeights(state);
  // `setWeights` makes new variables and forgets the old ones; the first entry, the count, is a copy of `getWeights`.
  tf.dispose([former, state[0].tensor]);
}
