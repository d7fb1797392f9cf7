import { useWasm } from '@crossreg/tfjs-wasm';
import { run } from './program.mjs';
import './wasmFiles.mjs';

/** The number of threads of wasm and the averaged predictions. */
export async function runOnWasm() {
  const { threads } = await useWasm();
  return { threads, numbers: await run('wasm') };
}
