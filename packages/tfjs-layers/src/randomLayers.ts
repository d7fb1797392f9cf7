import type { RegularizationParameter } from '@crossreg/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel, layers } from '@tensorflow/tfjs-layers';
import { hookedNoise } from './hooks';
import { withParts } from './nestedLayers';

/**
 * A layer that makes the model random and has regularization parameters of that randomness, such as a noise scale. It
 * needs no more than this method for the callback to train them and for `predict` to average over its draws, which it
 * takes from `currentNoise()`.
 */
export interface RandomLayer extends layers.Layer {
  /** One ρ for each parameter that is to be learned. Names begin with the layer's; variables must not be trainable. */
  regularizationParameters(): readonly RegularizationParameter<Tensor>[];
  /**
   * Where it is given: looks at what the layer gets of the first regularization batch, before the first step, and throws for
   * what its options cannot be meant for. Its `call` has to call `invokeCallHook`. The tensor is the caller's.
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
