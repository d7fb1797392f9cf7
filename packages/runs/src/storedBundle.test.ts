import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStorage } from 'unstorage';
import fsDriver from 'unstorage/drivers/fs';
import { afterAll, expect, test } from 'vitest';
import { type Items, storedBundle } from './storedBundle';

const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
afterAll(() => rmSync(folder, { recursive: true }));
const megabyte = 1024 * 1024;
const bytes = (length: number, seed: number) =>
  Buffer.alloc(length).map((_, i) => (i * 31 + seed * 7 + (i >> 9)) % 256);

test.each([
  ['memory', () => createStorage()],
  ['a folder', () => createStorage({ driver: fsDriver({ base: folder }) })],
])('bundles of any length come back from %s, and nothing stays when they are removed', async (_, make) => {
  const storage = make();
  const bundle = storedBundle(storage, 'checkpoints:a');
  expect(await bundle.read()).toBeUndefined();
  // Also after shrinking: items of a longer bundle must not be read.
  for (const length of [0, 1, 3 * megabyte + 1, megabyte / 2, megabyte / 2 + 1, 5]) {
    await bundle.write(bytes(length, length));
    expect(Buffer.compare((await bundle.read())!, bytes(length, length))).toBe(0);
  }
  await bundle.remove();
  expect(await bundle.read()).toBeUndefined();
  expect(await storage.getKeys()).toEqual([]);
});

test('no item is above 1 MB as base64', async () => {
  const storage = createStorage();
  await storedBundle(storage, 'a').write(bytes(2 * megabyte, 1));
  const sizes = await Promise.all(
    (await storage.getKeys()).map(async (key) => (await storage.getItemRaw(key)).length),
  );
  expect((Math.max(...sizes) * 4) / 3).toBeLessThan(1_000_000);
});

/** A store whose writer dies at the nth write, in the middle of it. */
function dying(storage: Items, at: number): Items {
  let count = 0;
  return {
    ...storage,
    getItemRaw: (key) => storage.getItemRaw(key),
    removeItem: (key) => storage.removeItem(key),
    async setItemRaw(key, value) {
      count++;
      if (count > at) throw new Error('dead');
      if (count === at) {
        await storage.setItemRaw(key, value.subarray(0, value.length / 2));
        throw new Error('dead');
      }
      return storage.setItemRaw(key, value);
    },
  };
}

test.each([1, 2, 3, 4])(
  'a process that dies in the middle of write %i leaves the previous bundle',
  async (at) => {
    const storage = createStorage();
    const [first, second, third] = [1, 2, 3].map((seed) => bytes(1.6 * megabyte, seed));
    const bundle = storedBundle(storage, 'a');
    await bundle.write(first);
    await bundle.write(second);
    await expect(storedBundle(dying(storage, at), 'a').write(third)).rejects.toThrow('dead');
    expect(Buffer.compare((await bundle.read())!, second)).toBe(0);
    // After a second death, the previous bundle is still there.
    await expect(storedBundle(dying(storage, at), 'a').write(third)).rejects.toThrow('dead');
    expect(Buffer.compare((await bundle.read())!, second)).toBe(0);
    await bundle.write(third);
    expect(Buffer.compare((await bundle.read())!, third)).toBe(0);
  },
);
