import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, layers } from '@tensorflow/tfjs-layers';
import { isStateful } from './internals';
import { withParts } from './nestedLayers';

/** The recurrent layers of a model that remember their state from one batch to the next. */
export const statefulLayers = (model: LayersModel): layers.Layer[] => withParts(model).filter(isStateful);

/**
 * Runs forward passes that the states of stateful recurrent layers do not remember.
 *
 * @param start - the states that the passes begin from: those that the layers have, or zeros.
 */
export function keepingStates<R>(model: LayersModel, start: 'present' | 'zero', f: () => R): R {
  const kept = withParts(model)
    .filter(isStateful)
    .map((layer) => ({ layer, states_: layer.states_, keptStates: layer.keptStates }));
  for (const { layer, states_ } of kept) {
    layer.states_ = states_.map((state) => tf.keep(start === 'zero' ? tf.zerosLike(state) : tf.clone(state)));
    layer.keptStates = [];
  }
  try {
    return f();
  } finally {
    for (const { layer, states_, keptStates } of kept) {
      tf.dispose([layer.states_, layer.keptStates.flat()]);
      Object.assign(layer, { states_, keptStates });
    }
  }
}
