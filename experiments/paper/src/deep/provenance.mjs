import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const version = (name) =>
  JSON.parse(readFileSync(here(`../../node_modules/${name}/package.json`), 'utf8')).version;
const commit = () => {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: here('.'), encoding: 'utf8' }).trim();
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
