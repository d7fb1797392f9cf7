import { runOnWasm } from './wasm.mjs';

window.runInPage = runOnWasm;
window.runInWorker = () =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./wasmWorker.mjs', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }) => (data.message ? reject(new Error(data.message)) : resolve(data));
    worker.onerror = ({ message }) => reject(new Error(message));
  });
