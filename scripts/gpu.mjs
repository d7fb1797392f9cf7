// Tests and measures the GPU of this machine with one command (`npm run gpu`): the choice of useBestBackend and its reasons,
// the suite of all backends, correctness at size, and training steps of networks on WebGPU, wasm, native kernels and, if it is
// installed, PyTorch. Writes out/gpu/report.md and report.json.
//
//   node scripts/gpu.mjs [--batch 128] [--steps 10] [--only suite,large,steps] [--networks mlp,VGG-16] [--software]
//   node scripts/gpu.mjs --pack [folder] [--no-images]
//
// --pack packs the same into parts of at most 60 MiB, for a machine without a network (x86-64 Linux):
//
//   cat crossreg-gpu.tar.gz.* | tar xz && ./crossreg-gpu/run.sh
//
// --software uses a GPU emulated in software: the one in Debian's chromium, if that is installed. With --check, the command
// fails if any part fails.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './documents.mjs';
import { gpuFolder } from './gpuFolder.mjs';
import { cache } from './native-tensorflow.mjs';
import { gpuEnvironment, vulkan } from './softwareGpu.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pack: { type: 'boolean', default: false },
    images: { type: 'boolean', default: true },
    software: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    batch: { type: 'string' },
    steps: { type: 'string' },
    only: { type: 'string' },
    networks: { type: 'string' },
  },
  allowNegative: true,
});
const NAME = 'crossreg-gpu';

const runScript = `#!/bin/sh
# Tests and measures the GPU of this machine: report/report.md and report.json. Nothing is downloaded.
#   ./run.sh [--batch 128] [--steps 10] [--only suite,large,steps] [--networks mlp,VGG-16]
#   ./run.sh --software …                       a GPU emulated in software, if there is no other
#   ./run.sh paper noise --profile smoke …      the paper's experiments on WebGPU (node experiments/paper/src/main.mjs)
here=$(cd "$(dirname "$0")" && pwd)
export CROSSREG_CACHE="$here/images"
if ! ldconfig -p 2>/dev/null | grep -q libvulkan.so.1; then
  export LD_LIBRARY_PATH="$here/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
if [ "$1" = --software ]; then
  shift
  export VK_DRIVER_FILES="$here/lib/vk_swiftshader_icd.json"
fi
if [ "$1" = paper ]; then
  shift
  exec "$here/bin/node" "$here/experiments/paper/src/main.mjs" "$@" --backend webgpu --jobs 1
fi
exec "$here/bin/node" "$here/scripts/gpu/main.mjs" --out "$here/report" "$@"
`;

const folder = gpuFolder();
if (options.pack) pack(resolve(positionals[0] ?? join(root, 'out', 'gpu', 'pack')));
else {
  const passed = ['batch', 'steps', 'only', 'networks'].flatMap((name) =>
    options[name] ? [`--${name}`, options[name]] : [],
  );
  if (options.check) passed.push('--check');
  const env = options.software ? gpuEnvironment() : process.env;
  const args = ['scripts/gpu/main.mjs', ...passed, '--out', join(root, 'out', 'gpu')];
  execFileSync(process.execPath, args, { cwd: folder, env, stdio: 'inherit' });
}

/** Whether a file of the folder is needed on Linux with an x86-64 processor. */
function isOfUse(path) {
  if (/\.map$|\.d\.[cm]?ts$|\/tf\.(es2017|fesm|min)[^/]*$|\/tf-[a-z-]+\.(es2017|fesm|min)[^/]*$/.test(path))
    return false;
  return !/\/webgpu\/dist\/(?!linux-x64)[a-z0-9]+-[a-z0-9]+/.test(path);
}

function pack(place) {
  const staging = join(cache, 'gpu-pack');
  const whole = join(staging, NAME);
  rmSync(staging, { recursive: true, force: true });
  cpSync(folder, whole, { recursive: true, filter: isOfUse });
  mkdirSync(join(whole, 'bin'));
  cpSync(process.execPath, join(whole, 'bin', 'node'));
  mkdirSync(join(whole, 'lib'));
  for (const [what, file] of Object.entries(vulkan)) {
    if (file) cpSync(file, join(whole, 'lib', file.split('/').at(-1)), { dereference: true });
    else
      console.error(
        `\n!!! NO VULKAN ${what.toUpperCase()} WAS FOUND HERE, SO NONE IS PACKED (DEBIAN: APT-GET INSTALL CHROMIUM) !!!\n`,
      );
  }
  const images = join(cache, 'cifar-10-batches-bin');
  if (options.images && existsSync(images))
    cpSync(images, join(whole, 'images', 'cifar-10-batches-bin'), { recursive: true });
  writeFileSync(join(whole, 'run.sh'), runScript);
  chmodSync(join(whole, 'run.sh'), 0o755);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const pipeline = `tar cf - ${NAME} | gzip -6 | split -b 60M -d - "$0"`;
  const prefix = join(place, `${NAME}.tar.gz.`);
  execFileSync('bash', ['-o', 'pipefail', '-c', pipeline, prefix], { cwd: staging, stdio: 'inherit' });
  rmSync(staging, { recursive: true });
  console.log(`${place}: ${readdirSync(place).join(', ')}`);
}
