import { LayersModel, layers } from '@tensorflow/tfjs-layers';

/** The layers that a layer is made of: those of a nested model, the one that `timeDistributed` repeats. */
export function partsOf(layer: layers.Layer): layers.Layer[] {
  if (layer instanceof LayersModel) return layer.layers;
  const { layer: inner, forwardLayer, backwardLayer } = layer as unknown as Record<string, unknown>;
  return [inner, forwardLayer, backwardLayer].filter((part) => part instanceof layers.Layer);
}

/** A layer and all that it is made of, in order, each once. */
export const withParts = (layer: layers.Layer): layers.Layer[] => [
  ...new Set([layer, ...partsOf(layer).flatMap(withParts)]),
];

/** What `timeDistributed` repeats, however often it is wrapped; any other layer itself. */
export function repeated(layer: layers.Layer): layers.Layer {
  return layer.getClassName() === 'TimeDistributed' ? repeated(partsOf(layer)[0]) : layer;
}
