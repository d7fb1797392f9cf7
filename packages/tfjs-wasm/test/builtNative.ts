import { type NativeKernels, nativeKernels } from '@crossreg/tfjs-native';

/** The native kernels, if they were built. If not, their tests are skipped with a notice in capitals. */
export const native: NativeKernels | undefined = (() => {
  try {
    return nativeKernels();
  } catch (error) {
    console.error(`\n!!! SKIPPED: THE NATIVE KERNELS ARE NOT TESTED. ${(error as Error).message} !!!\n`);
    return undefined;
  }
})();
