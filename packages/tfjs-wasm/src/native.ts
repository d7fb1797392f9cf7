import type { NativeKernels } from '@crossreg/tfjs-native';
import { builtin } from './node';

/** Whether native kernels do the heavy work: `'auto'` if they load; `true` throws if they do not. */
export type NativeOption = boolean | 'auto';

/** Known only at run time, so that a bundler for the browser does not resolve it. */
const PACKAGE = ['@crossreg', 'tfjs-native'].join('/');

/** The native kernels, or the reason why there are none. */
export type Loaded = { readonly kernels: NativeKernels } | { readonly reason: string };

export async function loadNative(): Promise<Loaded> {
  if (!builtin) return { reason: 'Native kernels need Node, 20.16 or 22.3 and later.' };
  let load: () => NativeKernels;
  try {
    const loaded = (await import(/* @vite-ignore */ /* webpackIgnore: true */ PACKAGE)) as {
      nativeKernels: () => NativeKernels;
    };
    load = loaded.nativeKernels;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return {
      reason: /MODULE_NOT_FOUND/.test(code ?? '')
        ? `The npm package ${PACKAGE} is not installed: npm install ${PACKAGE}`
        : `${PACKAGE} does not load: ${message.split('\n')[0]}`,
    };
  }
  try {
    return { kernels: load() };
  } catch (error) {
    return { reason: (error as Error).message };
  }
}
