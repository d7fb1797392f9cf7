import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownPackages, TFJS, WEBGPU } from './backendsFolder.mjs';
import { root } from './documents.mjs';
import { installIn } from './installIn.mjs';
import { cache } from './native-tensorflow.mjs';

const folder = join(cache, 'gpu');

/** The programs, at their places in the repository, because they import each other by path. */
const sources = [
  'scripts/gpu',
  'scripts/suite',
  'benchmarks/src/wasm/networks.mjs',
  'benchmarks/src/wasm/anchors/torch_steps.py',
  'experiments/paper/package.json',
  'experiments/paper/src',
];

/** Dependencies of our packages and of the programs that are neither ours nor peers. */
function dependencies() {
  const folders = ['datasets', 'linear', 'runs'].map((name) => join('packages', name));
  const all = [...folders, 'experiments/shared'].flatMap((folder) =>
    Object.entries(JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).dependencies),
  );
  return Object.fromEntries(all.filter(([name, version]) => !/^@/.test(name) && !/:/.test(version)));
}

/** A folder outside the workspace where scripts/gpu/main.mjs runs, with everything that it and the paper's experiments need. */
export function gpuFolder() {
  installIn(folder, {
    '@tensorflow/tfjs': TFJS,
    '@tensorflow/tfjs-backend-wasm': TFJS,
    '@tensorflow/tfjs-backend-webgpu': TFJS,
    webgpu: WEBGPU,
    ...dependencies(),
  });
  ownPackages(folder);
  // The native kernels, if they were built here.
  const native = join('packages', 'tfjs-native');
  for (const file of readdirSync(join(root, native)).filter((each) => each.endsWith('.node'))) {
    cpSync(join(root, native, file), join(folder, 'node_modules', '@crossreg', 'tfjs-native', file));
  }
  const shared = join(folder, 'node_modules', '@crossreg', 'experiment-shared');
  for (const part of ['package.json', 'src']) {
    cpSync(join(root, 'experiments', 'shared', part), join(shared, part), { recursive: true });
  }
  for (const source of sources) {
    const place = join(folder, source);
    rmSync(place, { recursive: true, force: true });
    mkdirSync(join(place, '..'), { recursive: true });
    if (existsSync(join(root, source))) cpSync(join(root, source), place, { recursive: true });
  }
  return folder;
}
