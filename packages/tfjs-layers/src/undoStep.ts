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
 * Keeps what a training step changes: weights, and the state of the optimizer. Nothing is copied, since variables take new
 * memory when they are assigned to.
 *
 * @param others - variables that are not the model's, such as those of noise that is hooked in.
 * @returns undefined where a step changes what cannot be found: at an optimizer's first, which makes its state; with an optimizer
 *   that is none of TensorFlow.js's; with stateful recurrent layers.
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
