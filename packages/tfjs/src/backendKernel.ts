import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs the kernel of this name if the backend in use has one, else gives undefined. `@crossreg/tfjs-wasm` brings SIMD
 * kernels for what this project computes most; their callers have a portable path of TensorFlow.js operations beside
 * them, with the same numbers to float32 rounding.
 */
export function backendKernel(
  kernel: string,
  inputs: tf.NamedTensorMap,
  attrs: tf.NamedAttrMap,
): tf.Tensor | undefined {
  if (!tf.getKernel(kernel, tf.getBackend())) return undefined;
  return tf.engine().runKernel(kernel, inputs, attrs) as tf.Tensor;
}
