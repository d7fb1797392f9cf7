import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { wholeFile } from '../../../common/wholeFile';
import type { CheckpointStore, Storage } from './storage';

/** A storage in a folder that all processes see. */
export function folderStorage(folder: string): Storage {
  // A folder per run, so that half-written files of a killed process are deleted with it.
  const placeOf = (name: string) => join(folder, 'checkpoints', name);
  return {
    result: (name) => bundleAt(join(folder, 'results', `${name}.json`), placeOf(name)),
    checkpoint: (name) => ({
      ...bundleAt(join(placeOf(name), 'checkpoint.bin')),
      remove: () => rm(placeOf(name), { recursive: true, force: true }),
    }),
    id: bundleAt(join(folder, 'id')),
    async close() {},
  };
}

/** Several processes may write it at once, and processes on two machines may have the same number. */
const bundleAt = (path: string, partsIn = dirname(path)): CheckpointStore =>
  wholeFile(path, () => join(partsIn, `${basename(path)}.${randomUUID()}.part`));
