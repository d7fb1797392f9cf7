// If cargo is installed, builds the binary for this machine next to package.json, where src/binding.ts looks first.
import { spawnSync } from 'node:child_process';
import { copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));
const [library, suffix] = {
  win32: ['crossreg_tfjs_native.dll', '-msvc'],
  darwin: ['libcrossreg_tfjs_native.dylib', ''],
}[process.platform] ?? ['libcrossreg_tfjs_native.so', isMusl() ? '-musl' : '-gnu'];

function isMusl() {
  return !process.report.getReport().header.glibcVersionRuntime;
}

const { status, error } = spawnSync('cargo', ['build', '--release', '--locked'], {
  cwd: folder,
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (error?.code === 'ENOENT') {
  console.error('\n!!! SKIPPED: NO CARGO, SO NO NATIVE KERNELS WERE BUILT; EVERYTHING RUNS ON WASM !!!\n');
} else if (status !== 0) {
  console.error(`cargo build failed${error ? `: ${error.message}` : ''}`);
  process.exit(1);
} else {
  const binary = `crossreg-native.${process.platform}-${process.arch}${suffix}.node`;
  // Under another name first: a process may have the old one loaded.
  copyFileSync(join(folder, 'target', 'release', library), join(folder, `${binary}.new`));
  renameSync(join(folder, `${binary}.new`), join(folder, binary));
}
