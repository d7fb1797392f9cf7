import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './documents.mjs';

const architecture = readFileSync(join(root, 'docs', 'architecture.md'), 'utf8');
const section = architecture.split('## Where to find what')[1].split('\n## ')[0];
const rows = [...section.matchAll(/^\| ([^|]+?) +\| \[`([^`]+)`\]\(([^)]+)\)/gm)].map(([, ...row]) => row);

test('docs/architecture.md names the files of at least 20 ideas, and no idea or file twice', () => {
  expect(rows.length).toBeGreaterThanOrEqual(20);
  // Every row of the table was read, except the head and the line under it.
  expect(rows.length).toBe(section.match(/^\|/gm)!.length - 2);
  expect(new Set(rows.map(([idea]) => idea)).size).toBe(rows.length);
  expect(new Set(rows.map(([, , path]) => path)).size).toBe(rows.length);
});

test.each(rows)('%s: %s exists', (_, name, path) => {
  expect(path.endsWith(`/${name}`)).toBe(true);
  expect(existsSync(join(root, 'docs', path)), path).toBe(true);
});

test('every other TypeScript file that docs/architecture.md names exists in a package', () => {
  const names = [...architecture.matchAll(/`([\w/]+\.ts)`/g)].map(([, name]) => name);
  const folders = [
    'core',
    'tfjs',
    'tfjs-layers',
    'tfjs-augment',
    'tfjs-wasm',
    'tfjs-native',
    'tfjs-node',
    'linear',
    'report',
    'runs',
    'jax',
  ];
  const places = ['.', ...folders.flatMap((folder) => [`packages/${folder}/src`, `packages/${folder}`])];
  const missing = names.filter((name) => !places.some((place) => existsSync(join(root, place, name))));
  expect(missing).toEqual([]);
});
