import * as tf from '@tensorflow/tfjs-core';

/**
 * One operation with a gradient of its own, computed for an input only when it is asked for. (`tf.customGrad`
 * computes the gradients of all inputs, always.) Tensors that `forward` reads but that are not among `inputs` are
 * constants to differentiation: with no inputs at all, the result is cut off from it.
 */
export function operation<T extends tf.Tensor>(
  inputs: Record<string, tf.Tensor>,
  forward: () => T,
  backward: (dy: tf.Tensor) => Record<string, () => tf.Tensor> = () => ({}),
): T {
  const engine = tf.engine() as unknown as {
    runKernelFunc(kernel: {
      inputs: Record<string, tf.Tensor>;
      forwardFunc: () => tf.Tensor;
      backwardsFunc: typeof backward;
    }): T;
  };
  return engine.runKernelFunc({ inputs, forwardFunc: forward, backwardsFunc: backward });
}

/** The same numbers, with no way back for a gradient and no work in the backward pass. */
export const stopGradient = <T extends tf.Tensor>(x: T): T => operation({}, () => tf.clone(x) as T);
