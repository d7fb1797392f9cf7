import { runOnWasm } from './wasm.mjs';

runOnWasm().then(postMessage, ({ message }) => postMessage({ message }));
