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

/** A gradient in the place of tfjs's, or undefined for the arguments that it leaves to that one. */
export type GradientFunction = (
  ...args: Parameters<GradConfig['gradFunc']>
) => ReturnType<GradConfig['gradFunc']> | undefined;

/**
 * Puts our gradient of a kernel in front of the one that is registered. Called by the kernel itself, each time it
 * runs: gradients are registered by tfjs-layers or tfjs, which may be imported after this package, and which
 * know nothing of an earlier registration. A look-up costs nothing next to a kernel.
 *
 * `saves`: what is saved for it, where that is not what tfjs's own takes. It gets the same.
 *
 * Ours is used on the wasm backend and where nobody differentiates the gradient itself: our kernels have no
 * gradients, tfjs's own composition has.
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
 * The results of a kernel, run when they are first asked for: several functions of a gradient share them, each of which runs
 * in its own tidy. If none of them is called, the kernel does not run. They are freed with the gradient.
 */
export function lazily(run: () => Tensor[]): () => Tensor[] {
  const { state } = engine();
  const scope = state.activeScope;
  let results: Tensor[] | undefined;
  return () => {
    if (!results) {
      const inner = state.activeScope;
      // Where a kernel's outputs are tracked. (An operation's are not: it opens scopes.)
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

/** The backend's own kernel with our gradient. */
export const defineGradient = (kernelName: string, ours: GradientFunction): KernelDefinition =>
  defineKernel(kernelName, ({ stock }) => {
    preferGradient(kernelName, ours);
    return stock();
  });
