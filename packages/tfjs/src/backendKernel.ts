import * as tf from '@tensorflow/tfjs-core';
import { type Inputs, runShader, type Shader } from './shader';

/** Makes the shader of a kernel, for its inputs and attributes. */
export type ShaderOf = (inputs: Inputs, attrs: any) => Shader;

/**
 * Runs the kernel of this name if the current backend has one, and returns undefined otherwise. `@crossreg/tfjs-wasm` brings
 * SIMD kernels for what this project computes most. Every caller also has a portable path of TensorFlow.js operations, which
 * gives the same numbers up to float32 rounding.
 *
 * @param shader - the kernel for WebGPU. It is passed here because the WebGPU backend runs any program that it is handed.
 */
export function backendKernel(
  kernel: string,
  inputs: tf.NamedTensorMap,
  attrs: tf.NamedAttrMap,
  shader?: ShaderOf,
): tf.Tensor | undefined {
  const backend = tf.getBackend();
  if (!tf.getKernel(kernel, backend)) {
    if (backend !== 'webgpu' || !shader) return undefined;
    tf.registerKernel({
      kernelName: kernel,
      backendName: backend,
      kernelFunc: ({ inputs, attrs, backend }) =>
        runShader(backend, shader(inputs as Inputs, attrs), inputs as Inputs),
    });
  }
  return tf.engine().runKernel(kernel, inputs, attrs) as tf.Tensor;
}
