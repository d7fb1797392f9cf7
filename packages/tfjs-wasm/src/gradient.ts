import { type GradConfig, getGradient, registerGradient } from '@tensorflow/tfjs-core';

const OWN = Symbol.for('@crossreg/tfjs-wasm gradient');

/**
 * Puts our gradient of a kernel in front of the one that is registered. Called by the kernel itself, each time it
 * runs: gradients are registered by tfjs-layers or tfjs, which may be imported after this package, and which
 * know nothing of an earlier registration. A look-up costs nothing next to a kernel.
 */
export function preferGradient(kernelName: string, ours: (stock: GradConfig) => GradConfig): void {
  const current = getGradient(kernelName);
  if (current && !(OWN in current)) registerGradient(Object.assign(ours(current), { [OWN]: true }));
}
