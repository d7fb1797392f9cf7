// Prepares @tensorflow/tfjs-node without its installer: TensorFlow's library and C headers come from the wheel `tensorflow-cpu`
// on PyPI, and the package's C++ binding is compiled against them, as its README describes for custom libraries. tfjs-node 4.22
// is made for TensorFlow 2.9; since then the C API has only grown.
//
//   node scripts/native-tensorflow.mjs <folder with node_modules/@tensorflow/tfjs-node>
//
// It needs Linux on x64, python3 with pip, make and a C++ compiler. The library (0.6 GB) is kept in ~/.cache/crossreg
// (CROSSREG_CACHE names another folder) and linked from there.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const cache = process.env.CROSSREG_CACHE || join(homedir(), '.cache', 'crossreg');
export const TENSORFLOW = '2.15.1';
const WHEEL = [
  ...['--only-binary=:all:', '--no-deps', '--implementation=cp', '--python-version=311', '--abi=cp311'],
  ...['--platform=manylinux2014_x86_64', '--disable-pip-version-check', '--quiet'],
  ...['--retries=1', '--timeout=20'],
];
/** Extracts from the wheel the library, and the headers of the C API with their includes. */
const UNPACK = `
import sys, zipfile
wanted = ('tensorflow/libtensorflow', 'tensorflow/include/tensorflow/c/', 'tensorflow/include/tensorflow/core/platform/',
          'tensorflow/include/tensorflow/tsl/', 'tensorflow/include/tsl/')
with zipfile.ZipFile(sys.argv[1]) as wheel:
    wheel.extractall(sys.argv[2], [name for name in wheel.namelist() if name.startswith(wanted)])
`;

const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1e8 });

/** The folder with `libtensorflow_cc.so.2`, `libtensorflow_framework.so.2` and `include`. It is fetched the first time. */
function library() {
  const kept = join(cache, `tensorflow-${TENSORFLOW}`);
  if (!existsSync(kept)) {
    const making = `${kept}.${process.pid}`;
    mkdirSync(making, { recursive: true });
    try {
      run('python3', ['-m', 'pip', 'download', ...WHEEL, '--dest', making, `tensorflow-cpu==${TENSORFLOW}`]);
      const wheel = readdirSync(making).find((file) => file.endsWith('.whl'));
      run('python3', ['-c', UNPACK, join(making, wheel), making]);
      renameSync(join(making, 'tensorflow'), kept);
    } finally {
      rmSync(making, { recursive: true });
    }
  }
  return kept;
}

/**
 * Gives the `@tensorflow/tfjs-node` that is installed in `folder` (without its install script) its library and binding. Does
 * nothing if they are there.
 */
export function prepareNative(folder) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `the wheel's library is for Linux on x64, and this is ${process.platform} on ${process.arch}`,
    );
  }
  const place = join(folder, 'node_modules', '@tensorflow', 'tfjs-node');
  const lib = join(place, 'deps', 'lib');
  if (existsSync(join(place, 'lib')) && existsSync(join(lib, 'libtensorflow.so'))) return;
  const from = library();
  rmSync(join(place, 'deps'), { recursive: true, force: true });
  mkdirSync(lib, { recursive: true });
  symlinkSync(join(from, 'include'), join(place, 'deps', 'include'));
  for (const file of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']) {
    symlinkSync(join(from, file), join(lib, file));
  }
  // The names that the linker needs, and the one that tells the installer that nothing has to be fetched.
  for (const name of ['libtensorflow.so', 'libtensorflow.so.2.9.1']) {
    symlinkSync('libtensorflow_cc.so.2', join(lib, name));
  }
  symlinkSync('libtensorflow_framework.so.2', join(lib, 'libtensorflow_framework.so'));
  // Complete installations of Node include the headers. Otherwise node-gyp fetches them.
  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
  run('npm', ['run', 'build-addon-from-source', '--', ...headers], place);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? '.');
  prepareNative(folder);
  console.log(`@tensorflow/tfjs-node in ${folder} computes with TensorFlow ${TENSORFLOW}`);
}
