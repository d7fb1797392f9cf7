import type { KernelConfig, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from './backend';
import { type Kernels, kernelsOf } from './kernels';

/** The arguments of a kernel function of this package. */
export interface KernelCall<Inputs, Attrs> {
  readonly inputs: Inputs;
  readonly attrs: Attrs;
  readonly backend: WasmBackend;
  readonly kernels: Kernels;
  /** The backend's kernel of this name, for the cases that ours does not cover. */
  stock(): TensorInfo | TensorInfo[];
}

/** A kernel of this package, not yet registered. */
export interface KernelDefinition {
  readonly kernelName: string;
  /** The configuration to register, given the backend's kernel of the same name, if it has one. */
  configure(stock: KernelConfig | undefined): KernelConfig;
}

export function defineKernel<Inputs, Attrs = object>(
  kernelName: string,
  run: (call: KernelCall<Inputs, Attrs>) => TensorInfo | TensorInfo[],
): KernelDefinition {
  return {
    kernelName,
    configure: (stock) => ({
      ...stock,
      kernelName,
      backendName: 'wasm',
      kernelFunc: ((params: { inputs: Inputs; attrs: Attrs; backend: WasmBackend }) =>
        // Field by field, because a spread takes as long as a small kernel.
        run({
          inputs: params.inputs,
          attrs: params.attrs,
          backend: params.backend,
          kernels: kernelsOf(params.backend),
          stock: () => {
            if (!stock)
              throw new Error(`${kernelName} has no kernel on the wasm backend for these arguments.`);
            return stock.kernelFunc(params as unknown as Parameters<KernelFunc>[0]);
          },
        })) as unknown as KernelFunc,
    }),
  };
}
