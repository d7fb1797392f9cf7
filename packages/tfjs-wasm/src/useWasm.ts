import { backend, env, ready, setBackend } from '@tensorflow/tfjs-core';
import { checkInteger, checkOneOf } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import type { WasmBackend } from './backend';
import { type Kernels, kernelsOf } from './kernels';
import { type Loaded, loadNative, type NativeOption } from './native';
import { canStartWorkers, processors } from './pool';
import { registerKernels } from './registerKernels';
import { withSharedMemory } from './sharedMemory';

export interface WasmOptions {
  /**
   * How many threads the kernels of this package use, including the calling one. Default: as many as the machine runs at once,
   * at most 16. With 1 no worker is started.
   */
  readonly threads?: number;
  /**
   * In Node: whether the native kernels of the npm package `@crossreg/tfjs-native` do the heavy work, in place on the backend's
   * memory. `'auto'` uses them if they load; `true` throws if they do not. Default: false.
   */
  readonly native?: NativeOption;
}

/** How the wasm backend runs. */
export interface WasmStatus {
  /** Threads that the kernels of this package use. */
  readonly threads: number;
  /** Why there are fewer threads than requested (or than the machine has). */
  readonly reason?: string;
  /** The native kernels in use, or why there are none. Missing if none were requested. */
  readonly native?: NativeStatus | { readonly reason: string };
}

/** How native kernels run. */
export interface NativeStatus {
  /** `avx512`, `avx2`, `neon` or `portable`. */
  readonly instructionSet: string;
  /** Threads, including the calling one. Native kernels have them even where the other kernels run on one. */
  readonly threads: number;
}

/** More threads would share too little work: the kernels are short. */
const MOST_THREADS = 16;

/**
 * Makes TensorFlow.js compute on the wasm backend with the kernels of this package, and waits until it is ready. It uses
 * threads where they are available: in Node (20.16, 22.3 or later), and in pages that are cross-origin isolated. Otherwise one
 * thread does the work and `reason` says why. Call it before anything else starts the backend, because shared memory must be
 * allocated at the start.
 *
 * With `native`, convolutions and matrix products, forward and backward, run on native kernels (Node only).
 *
 * @throws ArgumentError - for an option that is not one of those allowed.
 * @throws Error - if `native` is true and native kernels do not load, or if the backend cannot start. The usual reason for the last one is that it does not find its `.wasm` files: see `setWasmPaths` of
 *   `@tensorflow/tfjs-backend-wasm`.
 * @example
 * const { threads, native } = await useWasm({ native: 'auto' });
 */
export async function useWasm(options: WasmOptions = {}): Promise<WasmStatus> {
  checkOptions('useWasm', options, { threads: 1, native: 1 });
  const wanted = options.threads ?? Math.min(processors(), MOST_THREADS);
  checkInteger('threads', wanted, 1, 'Leave it out to use what the machine has.');
  const nativeOption = options.native ?? false;
  checkOneOf('native', nativeOption, ['auto', true, false], "Use 'auto' for native kernels where they load.");
  const loaded = nativeOption === false ? undefined : await loadNative();
  if (nativeOption === true && loaded && 'reason' in loaded) {
    throw new Error(`useWasm: native kernels are asked for, but do not load. ${loaded.reason}`);
  }
  registerKernels();
  // TensorFlow.js starts its threads from the text of a function that refers to a variable outside it. In a minified bundle
  // they fail, and the backend never answers.
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const started = () => setBackend('wasm');
  if (!(await (wanted > 1 && mayShareMemory() ? withSharedMemory(started) : started()))) {
    throw new Error(
      'The wasm backend did not start. In a browser bundle, copy the .wasm files of @tensorflow/tfjs-backend-wasm ' +
        'to a public folder and call setWasmPaths(folder) of that package before useWasm().',
    );
  }
  await ready();
  const kernels = kernelsOf(backend() as unknown as WasmBackend);
  const reason = wanted === 1 ? undefined : whyOneThread(kernels.shared);
  const threads = reason === undefined ? wanted : 1;
  if (threads !== kernels.threads) kernels.startThreads(threads);
  const native = loaded && startNative(kernels, loaded, wanted);
  if (!loaded) kernels.useNative(undefined);
  return { threads, ...(reason !== undefined && { reason }), ...(native && { native }) };
}

function startNative(kernels: Kernels, loaded: Loaded, threads: number): WasmStatus['native'] {
  if ('reason' in loaded) {
    kernels.useNative(undefined);
    return loaded;
  }
  kernels.useNative(loaded.kernels, threads);
  return { instructionSet: loaded.kernels.instructionSet(), threads };
}

/** In Node; in a browser only in pages that are cross-origin isolated. */
const mayShareMemory = (): boolean =>
  typeof SharedArrayBuffer === 'function' && (globalThis.crossOriginIsolated ?? true);

function whyOneThread(shared: boolean): string | undefined {
  if (!canStartWorkers()) return 'This runtime has no worker threads, or is Node before 20.16 or 22.3.';
  if (shared) return undefined;
  return mayShareMemory()
    ? 'The wasm backend was started before useWasm(), with memory that threads cannot share.'
    : 'The page is not cross-origin isolated, so it has no shared memory: see the headers COOP and COEP.';
}
