import { ArgumentError } from '@crossreg/core';
import { LayersModel, type layers } from '@tensorflow/tfjs-layers';
import type { HookedNoise } from './hookNoise';
import type { LearnableNoise } from './learnableNoise';
import { withParts } from './nestedLayers';

const hooks = new WeakMap<layers.Layer, { noise: LearnableNoise; hook: HookedNoise }>();

/** The noise that is hooked into a layer. */
export const hookedNoise = (layer: layers.Layer): LearnableNoise | undefined => hooks.get(layer)?.noise;

/** The hook of a model, if any of its layers has noise hooked in. */
export const hookOf = (model: LayersModel): HookedNoise | undefined =>
  withParts(model)
    .map((layer) => hooks.get(layer)?.hook)
    .find((hook) => hook !== undefined);

export function rememberHook(layer: layers.Layer, noise: LearnableNoise, hook: HookedNoise): void {
  hooks.set(layer, { noise, hook });
  saveWithNoise();
}

export const forgetHook = (layer: layers.Layer): boolean => hooks.delete(layer);

let patched = false;
/**
 * After the first hook, `save` of a model with hooked noise saves the network with explicit noise layers. This patches the
 * class and not the model, because a callback never sees the sequential model of the user.
 */
function saveWithNoise(): void {
  if (patched) return;
  patched = true;
  const { save } = LayersModel.prototype;
  LayersModel.prototype.save = function (this: LayersModel, ...args) {
    const hook = hookOf(this);
    if (!hook) return save.apply(this, args);
    if (args[1]?.includeOptimizer) {
      return Promise.reject(
        new ArgumentError(
          'includeOptimizer',
          `is true, but ${this.name} has noise hooked in. It is saved as another model, with explicit noise layers, which the ` +
            "optimizer's state does not fit. Leave out includeOptimizer, or use a checkpoint.",
        ),
      );
    }
    return save.apply(hook.toModel(), args);
  };
}
