import type * as tf from '@tensorflow/tfjs-core';

/** A compute shader for the WebGPU backend of TensorFlow.js. It computes one float32 tensor. */
export interface Shader {
  /** Identifies the code, which the backend compiles once. Everything that the code depends on must be part of the name. */
  readonly name: string;
  readonly outputShape: number[];
  /** Names of the inputs, in order. The code sees them as arrays, and the output as `result`. */
  readonly inputs: readonly string[];
  /** Numbers that the code sees as `uniforms.…`. */
  readonly integers?: Readonly<Record<string, number>>;
  readonly floats?: Readonly<Record<string, number>>;
  /** The least number of threads. */
  readonly threads: number;
  /** Threads in a workgroup. Default 64. */
  readonly groupSize?: number;
  /**
   * WGSL with a function `main(index : i32)`. More threads run than were requested, so it must compare the index with
   * `uniforms.size`, the size of the output.
   */
  readonly code: string;
}

/** The inputs of a kernel by name, as it declares them. */
export type Inputs = Record<string, tf.TensorInfo>;

/** The public part of `WebGPUBackend` of `@tensorflow/tfjs-backend-webgpu` that is used. */
interface WebGPUBackend {
  runWebGPUProgram(
    program: object,
    inputs: tf.TensorInfo[],
    outputDtype: tf.DataType,
    uniforms: { type: 'int32' | 'float32'; data: number[] }[],
  ): tf.TensorInfo;
}

/** Runs a shader on the WebGPU backend. */
export function runShader(backend: unknown, shader: Shader, inputs: Inputs): tf.TensorInfo {
  const { name, outputShape, threads, groupSize = 64, code, integers = {}, floats = {} } = shader;
  const fields = (type: string, values: object) => Object.keys(values).map((each) => `${each} : ${type}, `);
  const program = {
    shaderKey: name,
    outputShape,
    variableNames: shader.inputs,
    uniforms: [...fields('i32', integers), ...fields('f32', floats)].join(''),
    workgroupSize: [groupSize, 1, 1],
    // One row of workgroups. The backend folds it if it is longer than the device allows.
    dispatchLayout: { x: outputShape.map((_, axis) => axis) },
    dispatch: [Math.ceil(threads / groupSize), 1, 1],
    // Brings `uniforms.size`.
    size: true,
    getUserCode: () => code,
  };
  return (backend as WebGPUBackend).runWebGPUProgram(
    program,
    shader.inputs.map((input) => inputs[input]),
    'float32',
    [
      ...Object.values(integers).map((value) => ({ type: 'int32' as const, data: [value] })),
      ...Object.values(floats).map((value) => ({ type: 'float32' as const, data: [value] })),
    ],
  );
}
