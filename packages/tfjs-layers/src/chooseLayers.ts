import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import { LayersModel, type layers } from '@tensorflow/tfjs-layers';
import { repeated } from './nestedLayers';

/** Layers of a model by name or as a predicate. */
export type LayerChoice = RegExp | readonly string[] | ((layer: layers.Layer) => boolean);

/** The predicate for a choice; undefined for no choice. */
export function chooser(
  choice: LayerChoice | undefined,
  model: LayersModel,
): ((layer: layers.Layer) => boolean) | undefined {
  if (choice === undefined || typeof choice === 'function') return choice;
  if (choice instanceof RegExp) {
    // With the flag g or y, `test` would depend on the call before.
    const pattern = new RegExp(choice.source, choice.flags.replace(/[gy]/g, ''));
    return (layer) => pattern.test(layer.name);
  }
  if (!Array.isArray(choice)) {
    throw new ArgumentError(
      'layers',
      `must be a RegExp, a list of names or a function, but is ${show(choice)}. Write /dense/ or ['dense_1'].`,
    );
  }
  const names = new Set(leafLayers(model).map(({ name }) => name));
  const unknown = choice.filter((name) => !names.has(name));
  if (unknown.length > 0) {
    throw new ArgumentError(
      'layers',
      `names ${unknown.map(show).join(', ')}, but the model's layers are ${[...names].map(show).join(', ')}. Use these names.`,
    );
  }
  return (layer) => choice.includes(layer.name);
}

/**
 * All layers that compute something, each once. A nested model, also one that `timeDistributed` repeats, contributes its
 * layers.
 */
export function leafLayers(model: LayersModel): layers.Layer[] {
  const leaves = model.layers.flatMap((layer) => {
    const inner = repeated(layer);
    if (inner instanceof LayersModel) return leafLayers(inner);
    return layer.getClassName() === 'InputLayer' ? [] : [layer];
  });
  return [...new Set(leaves)];
}
