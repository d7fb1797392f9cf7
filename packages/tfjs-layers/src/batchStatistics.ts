import type { LayersModel, layers } from '@tensorflow/tfjs-layers';
import { movingStatisticsOf } from './internals';
import { withParts } from './nestedLayers';

/**
 * Runs `f` (synchronous) while every batch normalization of a model uses the statistics of its batch, as in training. The
 * moving statistics stay unchanged.
 *
 * A ρ step needs this. The moving statistics lag behind the network, most of all early in a run, and they come from other draws
 * of the noise. Both would add unrelated terms to the gradient of σ.
 */
export function withBatchStatistics<R>(model: LayersModel, f: () => R): R {
  const undo = withParts(model)
    .filter((layer) => layer.getClassName() === 'BatchNormalization')
    .map((layer) => normalizeByBatch(layer));
  try {
    return f();
  } finally {
    for (const restore of undo.reverse()) restore();
  }
}

function normalizeByBatch(layer: layers.Layer): () => void {
  const call = layer.call.bind(layer);
  const restore = [
    override(layer, 'call', (inputs, kwargs) => call(inputs, { ...kwargs, training: true })),
    ...movingStatisticsOf(layer).map((statistic) => override(statistic, 'write', () => statistic)),
  ];
  return () => {
    for (const one of restore) one();
  };
}

/** Puts a method before that of the class, or before one that is already there. Returns a function that removes it. */
function override<T extends object, K extends keyof T>(target: T, name: K, value: T[K]): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  target[name] = value;
  return () => {
    if (own) Object.defineProperty(target, name, own);
    else Reflect.deleteProperty(target, name);
  };
}
