import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './documents.mjs';
import { installIn } from './installIn.mjs';
import { cache } from './native-tensorflow.mjs';

const folder = join(cache, 'backends');

/**
 * The packages that users install besides ours. Install scripts do not run, because the one of tfjs-node needs its download
 * host.
 */
export const TFJS = '4.22.0';
export const WEBGPU = '0.6.2';
const others = {
  '@tensorflow/tfjs': TFJS,
  '@tensorflow/tfjs-backend-wasm': TFJS,
  '@tensorflow/tfjs-backend-webgpu': TFJS,
  '@tensorflow/tfjs-node': TFJS,
  webgpu: WEBGPU,
};

/** Copies our built packages into a folder, again in every run. */
export function ownPackages(folder) {
  const scope = join(folder, 'node_modules', '@crossreg');
  rmSync(scope, { recursive: true, force: true });
  for (const name of readdirSync(join(root, 'packages'))) {
    const from = join(root, 'packages', name);
    const { files } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
    for (const part of ['package.json', ...files]) {
      cpSync(join(from, part), join(scope, name, part), { recursive: true });
    }
  }
}

/** A folder outside the workspace with our packages, and with every backend that npm alone can install. */
export function backendsFolder() {
  installIn(folder, others);
  ownPackages(folder);
  return folder;
}
