import {
  engine,
  type GradConfig,
  getBackend,
  getGradient,
  registerGradient,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { defineKernel, type KernelDefinition } from './define';

const OWN = Symbol.for('@crossreg/tfjs-wasm gradient');

/** A gradient that replaces the one of tfjs, or undefined for arguments that it leaves to tfjs. */
export type GradientFunction = (
  ...args: Parameters<GradConfig['gradFunc']>
) => ReturnType<GradConfig['gradFunc']> | undefined;

/**
 * Replaces the registered gradient of a kernel by ours. The kernel calls this each time it runs, because tfjs-layers or tfjs
 * register gradients, may be imported after this package, and ignore an earlier registration. The look-up costs nothing
 * compared with a kernel.
 *
 * `saves`: the tensors to save, if they differ from those that the gradient of tfjs takes. It gets the same arguments.
 *
 * Ours is used on the wasm backend, unless the gradient itself is differentiated: our kernels have no gradients, while the
 * composition of tfjs has.
 */
export function preferGradient(
  kernelName: string,
  ours: GradientFunction,
  saves: Pick<GradConfig, 'inputsToSave' | 'outputsToSave'> = {},
): void {
  const stock = getGradient(kernelName);
  if (!stock || OWN in stock) return;
  const gradFunc: GradConfig['gradFunc'] = (dy, saved, attrs) => {
    const first = getBackend() === 'wasm' && engine().state.gradientDepth === 0;
    return (first && ours(dy, saved, attrs)) || stock.gradFunc(dy, saved, attrs);
  };
  registerGradient(Object.assign({ ...stock, ...saves, gradFunc }, { [OWN]: true }));
}

/**
 * The results of a kernel, which runs when they are first requested. Several functions of a gradient share them, each in its
 * tidy. If none of them is called, the kernel does not run. They are freed with the gradient.
 */
export function lazily(run: () => Tensor[]): () => Tensor[] {
  const { state } = engine();
  const scope = state.activeScope;
  let results: Tensor[] | undefined;
  return () => {
    if (!results) {
      const inner = state.activeScope;
      // Where the outputs of a kernel are tracked. (Not those of an operation, which opens scopes.)
      state.activeScope = scope;
      try {
        results = run();
      } finally {
        state.activeScope = inner;
      }
    }
    return results;
  };
}

/** The backend's kernel with our gradient. */
export const defineGradient = (kernelName: string, ours: GradientFunction): KernelDefinition =>
  defineKernel(kernelName, ({ stock }) => {
    preferGradient(kernelName, ours);
    return stock();
  });
