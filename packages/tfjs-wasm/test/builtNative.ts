import { type NativeKernels, nativeKernels } from '@crossreg/tfjs-native';

/** The native kernels, where they were built. Where they were not, tests leave them out, and say so in capitals. */
export const native: NativeKernels | undefined = (() => {
  try {
    return nativeKernels();
  } catch (error) {
    console.error(`\n!!! SKIPPED: THE NATIVE KERNELS ARE NOT TESTED. ${(error as Error).message} !!!\n`);
    return undefined;
  }
})();
