import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './documents.mjs';
import { installIn } from './installIn.mjs';
import { cache } from './native-tensorflow.mjs';

const folder = join(cache, 'backends');

/** What users have beside our packages. Install scripts do not run: that of tfjs-node would ask its download host. */
const tfjs = '4.22.0';
const others = {
  '@tensorflow/tfjs': tfjs,
  '@tensorflow/tfjs-backend-wasm': tfjs,
  '@tensorflow/tfjs-backend-webgpu': tfjs,
  '@tensorflow/tfjs-node': tfjs,
  webgpu: '0.6.2',
};

/** Ours as they are built, new each time. */
function ownPackages() {
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

/** A folder outside the workspace with every backend, as far as npm alone can install it, and our packages. */
export function backendsFolder() {
  installIn(folder, others);
  ownPackages();
  return folder;
}
