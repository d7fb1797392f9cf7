import { LayersModel, type layers } from '@tensorflow/tfjs-layers';
import { wrappedLayers } from './internals';

/** The layers that a layer is made of: those of a nested model, the one that `timeDistributed` repeats. */
export const partsOf = (layer: layers.Layer): layers.Layer[] =>
  layer instanceof LayersModel ? layer.layers : wrappedLayers(layer);

/** A layer and all that it is made of, in order, each once. */
export const withParts = (layer: layers.Layer): layers.Layer[] => [
  ...new Set([layer, ...partsOf(layer).flatMap(withParts)]),
];

/** What `timeDistributed` repeats, however often it is wrapped; any other layer itself. */
export function repeated(layer: layers.Layer): layers.Layer {
  return layer.getClassName() === 'TimeDistributed' ? repeated(partsOf(layer)[0]) : layer;
}
