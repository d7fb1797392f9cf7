import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { wholeFile } from '../../../common/wholeFile';
import type { CheckpointStore, Storage } from './storage';

/** A storage in a folder that all processes see. */
export function folderStorage(folder: string): Storage {
  return {
    result: (name) => bundleAt(join(folder, 'results', `${name}.json`)),
    checkpoint(name) {
      // A folder per run, so that half-written files of a killed process are deleted with it.
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

/** Several processes may write it at once, and processes on two machines may have the same number. */
const bundleAt = (path: string): CheckpointStore => wholeFile(path, () => `${path}.${randomUUID()}.part`);
