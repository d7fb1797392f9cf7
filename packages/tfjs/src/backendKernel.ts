import * as tf from '@tensorflow/tfjs-core';
import { type Inputs, runShader, type Shader } from './shader';

/** Makes the shader of a kernel, for its inputs and attributes. */
export type ShaderOf = (inputs: Inputs, attrs: any) => Shader;

/**
 * Runs the kernel of this name if the backend in use has one, else gives undefined. `@crossreg/tfjs-wasm` brings SIMD
 * kernels for what this project computes most; their callers have a portable path of TensorFlow.js operations beside
 * them, with the same numbers to float32 rounding.
 *
 * @param shader - the kernel for WebGPU, which gets it here: its backend takes programs of others as they are.
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
