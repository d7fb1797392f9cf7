// Run by scripts/backends.mjs in a folder where the packages are installed, under any Node.
//
//   node node.mjs <backend> [time]
//
// Prints one line of JSON: the failure of each check, and with `time`, the time of training steps relative to wasm.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBestBackend } from '@crossreg/tfjs-node';
import * as tf from '@tensorflow/tfjs';
import { medianRatio, runSuite } from './checks.mjs';
import { scalarsIn } from './eventFiles.mjs';

const [name, withTime] = process.argv.slice(2);
// `native` is wasm with native kernels, if the folder has them.
const { details } = await useBestBackend({ require: name === 'native' ? 'wasm' : name });
const backend = tf.getBackend();
const { useWasm } = await import('@crossreg/tfjs-wasm');
if (name === 'native') await useWasm({ native: true });

// The native packages can save to a file system: the address of a folder.
const folder = mkdtempSync(join(tmpdir(), 'crossreg-suite-'));
const store = { save: `file://${folder}`, load: `file://${folder}/model.json` };
const results = await runSuite(backend === 'tensorflow' ? { store, board: await tensorBoard(folder) } : {});
rmSync(folder, { recursive: true });
/** The TensorBoard callback of the native package, and a function that reads its files. */
async function tensorBoard(folder) {
  const { default: native } = await import('@tensorflow/tfjs-node');
  return { callback: native.node.tensorBoard(folder), read: () => scalarsIn(join(folder, 'train')) };
}

let time;
if (withTime) {
  const use = name === 'native' ? () => useWasm({ native: true }) : () => tf.setBackend(backend);
  time = await medianRatio(use, useWasm);
}
console.log(
  JSON.stringify({ backend: name, place: `Node ${process.versions.node}`, details, results, time }),
);
process.exit(0);
