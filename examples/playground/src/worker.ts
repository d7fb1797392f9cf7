// The thread that trains. It checks for messages between two steps.
import { useWasm } from '@crossreg/tfjs-wasm';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import type { Report, Request } from './messages';
import { Training } from './training/training';

const report = (message: Report, transfer: Transferable[] = []) => postMessage(message, { transfer });
const training = new Training(report);

setWasmPaths({
  'tfjs-backend-wasm.wasm': plain,
  'tfjs-backend-wasm-simd.wasm': simd,
  // Never loaded, because @crossreg/tfjs-wasm uses threads in the SIMD build, but every name has to be given.
  'tfjs-backend-wasm-threaded-simd.wasm': simd,
});
const started = useWasm().then(({ threads }) => report({ type: 'ready', threads }));

addEventListener('message', async ({ data }: MessageEvent<Request>) => {
  try {
    await started;
    await training.take(data);
  } catch (error) {
    report({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
});
