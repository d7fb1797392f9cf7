import type { RegularizationParameter } from '@crossreg/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel, layers } from '@tensorflow/tfjs-layers';
import { hookedNoise } from './hooks';
import { withParts } from './nestedLayers';

/**
 * A layer that makes the model random and whose randomness has regularization parameters, such as a noise scale. With this
 * method, the callback trains them and `predict` averages over the layer's draws, which it takes from `currentNoise()`.
 */
export interface RandomLayer extends layers.Layer {
  /** One ρ for each parameter that is to be learned. Names begin with the layer's; variables must not be trainable. */
  regularizationParameters(): readonly RegularizationParameter<Tensor>[];
  /**
   * Optional: checks the input that the layer gets from the first regularization batch, before the first step, and throws if the
   * layer's options cannot be meant for it. The layer's `call` has to call `invokeCallHook`. The tensor is the caller's.
   */
  checkInput?(x: Tensor): Promise<void>;
}

const isRandom = (layer: layers.Layer): layer is RandomLayer =>
  typeof (layer as Partial<RandomLayer>).regularizationParameters === 'function';

/**
 * All {@link RandomLayer}s of a model in order, those of nested models, inside `timeDistributed` and hooked in included,
 * each once.
 */
export function randomLayers(model: LayersModel): RandomLayer[] {
  const all = withParts(model).flatMap((layer) => [layer, hookedNoise(layer) ?? layer]);
  return [...new Set(all)].filter(isRandom);
}
