import * as tf from '@tensorflow/tfjs-core';
import { runOperation } from './internals';

/**
 * One operation with a custom gradient, computed for an input only on demand. (`tf.customGrad` always computes the gradients of
 * all inputs.) Tensors that `forward` reads but that are not among `inputs` are constants for differentiation. With no inputs
 * at all, the result is cut off from the graph.
 *
 * @param saved - the tensors that `backward` reads, passed to it in this order. They are kept for it, because it may run long
 *   after a `tf.tidy` around the forward pass has disposed them. (On some backends the data of a disposed tensor live on in
 *   others; on TensorFlow's they do not.)
 */
export function operation<T extends tf.Tensor>(
  inputs: Record<string, tf.Tensor>,
  forward: () => T,
  backward: (dy: tf.Tensor, saved: tf.Tensor[]) => Record<string, () => tf.Tensor> = () => ({}),
  saved: tf.Tensor[] = [],
): T {
  const forwardFunc = (_: tf.KernelBackend, save: (tensors: tf.Tensor[]) => void) => {
    save(saved);
    return forward();
  };
  return runOperation({ inputs, forwardFunc, backwardsFunc: backward });
}

/** The same numbers, with no path for a gradient and no work in the backward pass. */
export const stopGradient = <T extends tf.Tensor>(x: T): T => operation({}, () => tf.clone(x) as T);
