import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { join } from 'node:path';

// The folders in which Node looks for packages: in a packed folder (scripts/gpu.mjs) they are not in this workspace's.
const folders = createRequire(import.meta.url).resolve.paths('a-package');
const version = (name) =>
  JSON.parse(
    readFileSync(folders.map((folder) => join(folder, name, 'package.json')).find(existsSync), 'utf8'),
  ).version;
/** Undefined outside a git repository. */
const commit = () => {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: new URL('.', import.meta.url),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
};

/** Where a result comes from. */
export const provenance = () => ({
  commit: commit(),
  versions: {
    node: process.version,
    ...Object.fromEntries(
      ['@tensorflow/tfjs', '@crossreg/core', '@crossreg/tfjs-layers', '@crossreg/tfjs-wasm'].map((name) => [
        name,
        version(name),
      ]),
    ),
  },
  machine: { processor: cpus()[0].model, cores: cpus().length },
});
