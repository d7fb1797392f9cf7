import type { LayersModel, layers } from '@tensorflow/tfjs-layers';

const makers = new WeakMap<layers.Layer, string>();

/**
 * Remembers that a function such as `injectNoise` made another model of this one: someone who trains the wrong of the
 * two gets an error that names `maker`. For packages that make models with their own {@link RandomLayer}.
 */
export function rememberInjected(model: LayersModel, maker: string): void {
  for (const layer of model.layers) makers.set(layer, maker);
}

/**
 * The function that made another model of this one, if any. Told by the layers: what callbacks see of a sequential model
 * is a functional one inside it, made again by `compile`.
 */
export const injectedBy = (model: LayersModel): string | undefined =>
  model.layers.map((layer) => makers.get(layer)).find((maker) => maker !== undefined);
