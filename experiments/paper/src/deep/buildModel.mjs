import { crossRegularization, injectNoise, noiseLayers, randomLayers } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import { networks } from './networks.mjs';

/**
 * A compiled model for a run, with its callback if there is one.
 *
 * @param run - see experiments.mjs: `network`, `noise` (options of injectNoise; `lastLayers` says how many layers get noise,
 *   counted from the last), `cross` (options of crossRegularization), `dropout`, `multiplicative`.
 */
export function buildModel(run, profile, { seed, regularization }) {
  const { network, ...options } = profile.networks[run.network];
  const base = networks[network]({ ...options, ...run.options, seed, inputShape: profile.inputShape });
  let model = base;
  if (run.noise) {
    const { lastLayers, ...noise } = run.noise;
    model = injectNoise(base, noise);
    if (lastLayers) {
      const names = noiseLayers(model)
        .slice(-lastLayers)
        .map(({ name }) => name.replace(/_noise$/, ''));
      model.dispose();
      model = injectNoise(base, { ...noise, layers: names });
    }
  }
  const optimizer = tf.train.adam(profile.rate);
  model.compile({ optimizer, loss: 'categoricalCrossentropy' });
  const cross =
    run.cross &&
    crossRegularization({ regularizationData: [regularization.x, regularization.y], seed, ...run.cross });
  cross?.setModel(model);
  return {
    model,
    cross,
    dispose() {
      cross?.dispose();
      if (model !== base) model.dispose();
      base.dispose();
      optimizer.dispose();
    },
  };
}

/** σ of every random layer by name. For one σ per channel: the root mean square, the smallest and the largest. */
export async function sigmas(model) {
  const of = async (layer) => {
    const sigma = tf.tidy(() => layer.sigma());
    const values = await sigma.data();
    sigma.dispose();
    const rms = Math.hypot(...values) / Math.sqrt(values.length);
    return [layer.name, values.length === 1 ? rms : [rms, Math.min(...values), Math.max(...values)]];
  };
  return Object.fromEntries(await Promise.all(randomLayers(model).map(of)));
}
