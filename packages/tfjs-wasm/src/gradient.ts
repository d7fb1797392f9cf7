import { engine, type GradConfig, getBackend, getGradient, registerGradient } from '@tensorflow/tfjs-core';
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
 * Ours is used on the wasm backend and where nobody differentiates the gradient itself: our kernels have no
 * gradients, tfjs's own composition has.
 */
export function preferGradient(kernelName: string, ours: GradientFunction): void {
  const stock = getGradient(kernelName);
  if (!stock || OWN in stock) return;
  const gradFunc: GradConfig['gradFunc'] = (dy, saved, attrs) => {
    const first = getBackend() === 'wasm' && engine().state.gradientDepth === 0;
    return (first && ours(dy, saved, attrs)) || stock.gradFunc(dy, saved, attrs);
  };
  registerGradient(Object.assign({ ...stock, gradFunc }, { [OWN]: true }));
}

/** The backend's own kernel with our gradient. */
export const defineGradient = (kernelName: string, ours: GradientFunction): KernelDefinition =>
  defineKernel(kernelName, ({ stock }) => {
    preferGradient(kernelName, ours);
    return stock();
  });
