import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Where a checkpoint is kept: one bundle of bytes. The same as `CheckpointStore` of `@crossreg/tfjs-layers`. */
export interface CheckpointStore {
  read(): Promise<Uint8Array | undefined>;
  write(bundle: Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

/** The name of a run's files: readable, and another for every key on every file system. */
export function fileNameOf(key: string): string {
  const readable = key.replace(/[^\w.-]+/g, '_').slice(0, 60);
  return `${readable}-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
}

export const resultFile = (folder: string, key: string) => join(folder, 'results', `${fileNameOf(key)}.json`);

/** The checkpoint of a run, in a folder that all of its processes see. */
export function checkpointOf(folder: string, key: string): CheckpointStore {
  // A folder of its run, so that what a killed process left half written goes with it.
  const place = join(folder, 'checkpoints', fileNameOf(key));
  const path = join(place, 'checkpoint.bin');
  return {
    read: () => readWhole(path),
    write: (bundle) => writeWhole(path, bundle),
    async remove() {
      await rm(place, { recursive: true, force: true });
    },
  };
}

/** The contents of a file, or undefined where there is none. */
export async function readWhole(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** Replaces a file all or nothing: whoever dies in the middle leaves the former one. */
export async function writeWhole(path: string, contents: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.part`;
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
