// Measures the cost of cross-regularization on TensorFlow's native library with the defaults, and compares a plain step with
// wasm and with Python Keras on the same version of TensorFlow and the same machine:
//
//   node scripts/nativeCost.mjs           # after a build
//   node scripts/nativeCost.mjs --keras   # the comparison too; pip installs tensorflow-cpu in ~/.cache/crossreg
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { backendsFolder } from './backendsFolder.mjs';
import { root } from './documents.mjs';
import { cache, prepareNative, TENSORFLOW } from './native-tensorflow.mjs';

const { values } = parseArgs({ options: { keras: { type: 'boolean', default: false } } });
const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' };
const run = (command, args, options) =>
  execFileSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options });

const folder = backendsFolder();
prepareNative(folder);
// Copies the benchmarks, and the one workspace folder that they use, next to the native binding.
cpSync(join(root, 'benchmarks/src'), join(folder, 'benchmarks'), { recursive: true });
const shared = join(folder, 'node_modules/@crossreg/experiment-shared');
for (const part of ['package.json', 'src']) {
  cpSync(join(root, 'experiments/shared', part), join(shared, part), { recursive: true });
}
const lines = run(process.execPath, ['benchmarks/nativeSteps.mjs'], { cwd: folder }).trim().split('\n');
const plain = Number(lines.pop());
console.log(lines.join('\n'));

if (values.keras) {
  const place = join(cache, `keras-${TENSORFLOW}`);
  if (!existsSync(place)) {
    run('python3', ['-m', 'pip', 'install', '--quiet', '--target', place, `tensorflow-cpu==${TENSORFLOW}`]);
  }
  const options = { env: { ...env, PYTHONPATH: place, CUDA_VISIBLE_DEVICES: '' } };
  const [version, keras] = run('python3', [join(root, 'benchmarks/src/kerasSteps.py')], options)
    .trim()
    .split(' ');
  console.log(
    `A plain step takes ${(plain / Number(keras)).toFixed(2)} of the time of Keras on TensorFlow ${version}`,
  );
}
