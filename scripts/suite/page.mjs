// The suite as a page, bundled by scripts/chromium.mjs. Besides @tensorflow/tfjs, it imports what a user's page would.
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { medianRatio, runSuite } from './checks.mjs';

setWasmPaths({
  'tfjs-backend-wasm.wasm': plain,
  'tfjs-backend-wasm-simd.wasm': simd,
  'tfjs-backend-wasm-threaded-simd.wasm': threaded,
});

/** The failures on the named backend by check, and the device it runs on. */
window.run = async (name, { short, time: withTime }) => {
  const { threads } = await useWasm();
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not start its backend "${name}"`);
  await tf.ready();
  const address = `indexeddb://${name}`;
  const results = await runSuite({ store: { save: address, load: address }, short });
  const time = withTime
    ? await medianRatio(
        () => tf.setBackend(name),
        () => tf.setBackend('wasm'),
      )
    : undefined;
  const details = name === 'wasm' ? `${threads} ${threads === 1 ? 'thread' : 'threads'}` : 'in software';
  return { backend: name, details, results, time };
};
