import { ArgumentError } from '@crossreg/core';
import type { Variable } from '@tensorflow/tfjs-core';
import type { LayerVariable, layers } from '@tensorflow/tfjs-layers';
import { replaceVariable } from './internals';

/** How many weights use a variable that is shared. Any other has one user. */
const users = new WeakMap<Variable, number>();

/**
 * Makes every weight of `to` the same `tf.Variable` as that of `from`, so that training one layer trains both. Which
 * weights are trainable carries over. Either layer can be disposed: the variables go with the last one that uses them.
 *
 * Weights pair in order of creation; the order of `layer.weights` depends on which are trainable at the moment.
 *
 * @param to - a built layer of the same class and configuration; the variables it has are freed. A second call does
 *   nothing.
 */
export function shareWeights(from: layers.Layer, to: layers.Layer): void {
  const inOrder = (layer: layers.Layer) => [...layer.weights].sort((a, b) => a.id - b.id);
  const sources = inOrder(from);
  const targets = inOrder(to);
  const shapes = (weights: LayerVariable[]) => weights.map(({ shape }) => `[${shape}]`).join(' ');
  if (shapes(sources) !== shapes(targets)) {
    throw new ArgumentError(
      'model',
      `has the layer ${from.name} (${from.getClassName()}), which cannot be rebuilt from its configuration: its weights ` +
        `have the shapes ${shapes(sources)}, those of the copy ${shapes(targets)}. Let getConfig() of its class ` +
        'return all that the constructor needs.',
    );
  }
  sources.forEach((source, i) => {
    const [variable, own] = [source.read() as Variable, targets[i].read() as Variable];
    if (own === variable) return;
    const { trainable } = source;
    own.dispose();
    replaceVariable(targets[i], variable);
    targets[i].trainable = trainable;
    users.set(variable, (users.get(variable) ?? 1) + 1);
    disposeTogether(source);
    disposeTogether(targets[i]);
  });
}

/** Lets the last of the weights that share a variable free it. */
function disposeTogether(weight: LayerVariable): void {
  weight.dispose = () => {
    const variable = weight.read() as Variable;
    const left = (users.get(variable) ?? 1) - 1;
    users.set(variable, left);
    if (left === 0) variable.dispose();
  };
}
