import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { folderStorage } from './folderStorage';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crossreg-storage-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('half a result is never among the results, and goes with the checkpoint of its run', async () => {
  const storage = folderStorage(folder);
  const [results, place] = [join(folder, 'results'), join(folder, 'checkpoints', 'a')];
  const written = storage.result('a').write(new Uint8Array(50_000_000));
  // A process that is killed now leaves what is there now.
  while (!existsSync(place) || readdirSync(place).length === 0) await setImmediate();
  expect(readdirSync(results)).toEqual([]);
  await written;
  expect(readdirSync(results)).toEqual(['a.json']);
  await storage.checkpoint('a').remove();
  expect(existsSync(place)).toBe(false);
});
