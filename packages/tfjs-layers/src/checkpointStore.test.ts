import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { folderStore, storeOf } from './checkpointStore';

const root = mkdtempSync(join(tmpdir(), 'crossreg-store-'));
afterAll(() => rmSync(root, { recursive: true }));
const bytes = (...values: number[]) => Uint8Array.from(values);

test('a bundle is read as it was written, in a folder that is created; the last one counts', async () => {
  const store = folderStore(join(root, 'a', 'b'));
  expect(await store.read()).toBeUndefined();
  await store.write(bytes(1, 2, 3));
  expect([...((await store.read()) ?? [])]).toEqual([1, 2, 3]);
  await store.write(bytes(4));
  expect([...((await store.read()) ?? [])]).toEqual([4]);
  // Nothing else is left there.
  expect(readdirSync(join(root, 'a', 'b'))).toEqual(['checkpoint.bin']);
});

test('an incomplete file of a process that died is not a bundle, and is replaced', async () => {
  const folder = join(root, 'died');
  const store = folderStore(folder);
  await store.write(bytes(1));
  writeFileSync(join(folder, 'checkpoint.bin.part'), 'half of ano');
  expect([...((await store.read()) ?? [])]).toEqual([1]);
  await store.write(bytes(2));
  expect([...((await store.read()) ?? [])]).toEqual([2]);
});

test('after removal the store is empty; removing nothing is not an error', async () => {
  const folder = join(root, 'removed');
  const store = folderStore(folder);
  await store.remove();
  await store.write(bytes(1));
  writeFileSync(join(folder, 'checkpoint.bin.part'), 'x');
  await store.remove();
  expect(await store.read()).toBeUndefined();
  expect(existsSync(join(folder, 'checkpoint.bin.part'))).toBe(false);
});

test('an error other than a missing file is thrown', async () => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  chmodSync(file, 0o600);
  // A file where the folder should be.
  await expect(folderStore(file).read()).rejects.toThrow('ENOTDIR');
});

test('a name is a folder, a store is used directly, and anything else is refused', () => {
  const store = { read: async () => undefined, write: async () => {}, remove: async () => {} };
  expect(storeOf(store)).toBe(store);
  expect(typeof storeOf(join(root, 'c')).read).toBe('function');
  for (const wrong of ['', null, {}, { read() {} }, 3]) {
    expect(() => storeOf(wrong as never)).toThrow(
      'checkpoint: must be the name of a folder or a store { read, write, remove }',
    );
  }
});
