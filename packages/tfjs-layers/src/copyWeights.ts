import type { Variable } from '@tensorflow/tfjs-core';
import type { Layer } from './replay';

/**
 * Gives the weights of `to` the values that those of `from` have now.
 *
 * They pair in order of creation: the order of `layer.weights` depends on which weights happen to be trainable.
 *
 * @param to - a built layer of the same class and configuration.
 */
export function copyWeights(from: Layer, to: Layer): void {
  const inOrder = (layer: Layer) => [...layer.weights].sort((a, b) => a.id - b.id);
  const sources = inOrder(from);
  inOrder(to).forEach((target, i) => {
    (target.read() as Variable).assign(sources[i].read());
    target.trainable = sources[i].trainable;
  });
}
