import * as tf from '@tensorflow/tfjs-core';
import { runOperation } from './internals';

/**
 * One operation with its own gradient, computed for an input only when it is asked for. (`tf.customGrad`
 * computes the gradients of all inputs, always.) Tensors that `forward` reads but that are not among `inputs` are
 * constants to differentiation: with no inputs at all, the result is cut off from it.
 *
 * @param saved - tensors that `backward` reads. They are kept for it, as it may run when a `tf.tidy` around the forward
 *   pass has long disposed them, and it gets them in this order. (Some backends let data of a disposed tensor live on
 *   in others; TensorFlow's does not.)
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

/** The same numbers, with no way back for a gradient and no work in the backward pass. */
export const stopGradient = <T extends tf.Tensor>(x: T): T => operation({}, () => tf.clone(x) as T);
