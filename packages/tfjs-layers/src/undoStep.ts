import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { optimizerVariablesOf, setIterations } from './internals';
import { statefulLayers } from './recurrentState';

/** What a training step has changed, to be put back. */
export interface KeptState {
  /** Brings everything back to where it was. */
  undo(): void;
  /** Frees what was kept. */
  dispose(): void;
}

/**
 * Keeps what a training step changes: weights, and the state of the optimizer. Nothing is copied, because an assignment gives a
 * variable new memory.
 *
 * @param others - variables outside the model, such as those of hooked noise.
 * @returns undefined if a step changes something that cannot be found: at the first step of an optimizer, which creates its
 *   state; with an optimizer that is not from TensorFlow.js; with stateful recurrent layers.
 */
export function keepState(model: LayersModel, others: readonly tf.Variable[]): KeptState | undefined {
  const { optimizer } = model;
  const { iterations } = optimizer;
  const own = optimizerVariablesOf(optimizer);
  if (iterations === 0 || !own || statefulLayers(model).length > 0) return undefined;
  const weights = model.weights.map((weight) => weight.read() as tf.Variable);
  const variables = [...new Set([...weights, ...others, ...own])];
  const before = variables.map((variable) => tf.variable(variable, false));
  return {
    undo() {
      variables.forEach((variable, i) => {
        variable.assign(before[i]);
      });
      setIterations(optimizer, iterations);
    },
    dispose: () => tf.dispose(before),
  };
}
