// Versions of Node for tests, from the npm package `node`. They are kept in ~/.cache/crossreg.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installIn } from './installIn.mjs';
import { cache } from './native-tensorflow.mjs';

/** The program of a version ("22"). Undefined means the Node that runs this. */
export function nodeProgram(version) {
  if (version === undefined || process.versions.node.startsWith(`${version}.`)) return process.execPath;
  const place = join(cache, 'node', version);
  installIn(place, { node: version }, { flags: [] });
  const program = join(
    place,
    'node_modules',
    'node',
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (!existsSync(program)) throw new Error(`the npm package node@${version} has no ${program}`);
  return program;
}
