import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CheckpointStore, State } from './state';

/** A state in a folder that all processes see. */
export function folderState(folder: string): State {
  return {
    result: (name) => bundleAt(join(folder, 'results', `${name}.json`)),
    checkpoint(name) {
      // A folder of its run, so that what a killed process left half written goes with it.
      const place = join(folder, 'checkpoints', name);
      return {
        ...bundleAt(join(place, 'checkpoint.bin')),
        remove: () => rm(place, { recursive: true, force: true }),
      };
    },
    id: bundleAt(join(folder, 'id')),
    async close() {},
  };
}

function bundleAt(path: string): CheckpointStore {
  return {
    read: () =>
      readFile(path).catch((error) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      }),
    write: (bundle) => writeWhole(path, bundle),
    remove: () => rm(path, { force: true }),
  };
}

/** Replaces a file all or nothing: whoever dies in the middle leaves the former one. */
async function writeWhole(path: string, contents: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // Processes of two machines may have the same number.
  const temporary = `${path}.${randomUUID()}.part`;
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(contents);
    // On the disk before it has the name: else a power cut may leave the name without the contents.
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
