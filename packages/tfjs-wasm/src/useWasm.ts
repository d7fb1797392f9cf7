import { ready, setBackend } from '@tensorflow/tfjs-core';
import { register } from './register';

/**
 * Makes the wasm backend the one that TensorFlow.js computes on, with this package's kernels, and waits until it is
 * ready.
 *
 * @throws Error - if the backend cannot start, most often because its `.wasm` files are not where it looks for
 *   them: see `setWasmPaths` of `@tensorflow/tfjs-backend-wasm`.
 */
export async function useWasm(): Promise<void> {
  register();
  if (!(await setBackend('wasm'))) {
    throw new Error(
      'The wasm backend did not start. In a browser bundle, copy the .wasm files of @tensorflow/tfjs-backend-wasm ' +
        'to a public folder and call setWasmPaths(folder) of that package before useWasm().',
    );
  }
  await ready();
}
