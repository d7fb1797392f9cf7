import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildSources } from '../buildSources';
import type { ProgramOptions } from './program';

// Inside the package, so that the program finds TensorFlow.js; not in git.
const cache = fileURLToPath(new URL('../../.cache', import.meta.url));
let root: string;
beforeAll(async () => {
  mkdirSync(cache, { recursive: true });
  root = mkdtempSync(join(cache, 'killed-'));
  await buildSources({ program: './killed/program.ts' }, root);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface End {
  signal: string | null;
  /** Where it was, as it told: run, epoch and batch. */
  told: string[];
  result?: unknown;
}

/** Runs the program; kills it with SIGKILL when it tells that it is `killAt`. */
function start(options: ProgramOptions, killAt?: string): Promise<End> {
  const child = spawn(process.execPath, [join(root, 'program.mjs'), JSON.stringify(options)]);
  let [output, errors] = ['', ''];
  child.stdout.on('data', (data) => {
    output += data;
    if (killAt && output.includes(`${killAt}\n`)) child.kill('SIGKILL');
  });
  child.stderr.on('data', (data) => {
    errors += data;
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      if (code) reject(new Error(errors));
      const lines = output.split('\n');
      const result = lines.find((line) => line.startsWith('result '));
      resolve({
        signal,
        told: lines.filter((line) => / \d+\.\d+$/.test(line)),
        result: result && JSON.parse(result.slice('result '.length)),
      });
    });
  });
}

const epochs = 4;
const straight = (name: string, threads?: number) =>
  start({ threads, epochs, folder: join(root, `${name}, straight`) });

/** Kills the program repeatedly, at the given positions, and records where it begins afterwards. */
async function broken(
  name: string,
  threads: number | undefined,
  kills: [where: string | ProgramOptions['die'], beginsAt: string][],
): Promise<End> {
  const options = { threads, epochs, folder: join(root, `${name}, broken`) };
  for (const [where, beginsAt] of kills) {
    const end = await (typeof where === 'string' ? start(options, where) : start({ ...options, die: where }));
    expect([end.signal, end.told[0], end.result]).toEqual(['SIGKILL', beginsAt, undefined]);
  }
  return start(options);
}

const fit = 'hooked noise and norms, by fit';

test('wasm: killed in epochs and in every part of writing, the runs end where straight ones do, on two threads too', async () => {
  const expected = await straight('wasm', 1);
  expect(expected.told).toHaveLength(4 * epochs * 4);
  const resumed = await broken('wasm', 1, [
    // Before anything was saved.
    ['noise 0.2', 'noise 0.0'],
    [`${fit} 2.1`, 'noise 0.0'],
    [{ kind: 'augmentation', save: 2, at: 'half written' }, `${fit} 2.0`],
    [{ kind: 'augmentation', save: 2, at: 'before the name' }, 'augmentation 1.0'],
    [{ kind: 'dropout', save: 2, at: 'after the name' }, 'augmentation 2.0'],
  ]);
  expect(resumed.told[0]).toBe('dropout 2.0');
  expect(resumed.result).toEqual(expected.result);

  const onTwo = await broken('two threads', 2, [['augmentation 1.2', 'noise 0.0']]);
  expect(onTwo.told[0]).toBe('augmentation 1.0');
  expect(onTwo.result).toEqual(expected.result);
}, 240_000);

test('cpu: the same', async () => {
  const expected = await straight('cpu');
  const resumed = await broken('cpu', undefined, [
    [{ kind: fit, save: 3, at: 'half written' }, 'noise 0.0'],
    ['augmentation 3.3', `${fit} 2.0`],
  ]);
  expect(resumed.told[0]).toBe('augmentation 3.0');
  expect(resumed.result).toEqual(expected.result);
}, 240_000);
