import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import { wholeFile } from '../../../common/wholeFile';

/** Where a checkpoint is kept: one bundle of bytes, of which the last that was written whole is there. */
export interface CheckpointStore {
  /** The bundle, or undefined where none was written yet. */
  read(): Promise<Uint8Array | undefined>;
  /** Replaces the bundle. Until it is done, and when it fails or the process dies, `read` gives the former one. */
  write(bundle: Uint8Array): Promise<void>;
  /** Deletes the bundle. Does nothing where there is none. */
  remove(): Promise<void>;
}

/**
 * A store in a folder, in Node: the file `checkpoint.bin` in it. The folder is made where it is missing. One process at
 * a time may use it.
 */
export const folderStore = (folder: string): CheckpointStore => wholeFile(`${folder}/checkpoint.bin`);

/**
 * The store of an option `checkpoint`.
 *
 * @throws ArgumentError for what is neither a folder's name nor a store.
 */
export function storeOf(checkpoint: string | CheckpointStore): CheckpointStore {
  if (typeof checkpoint === 'string' && checkpoint !== '') {
    if (typeof (globalThis as { process?: NodeJS.Process }).process?.versions?.node !== 'string') {
      throw new ArgumentError(
        'checkpoint',
        `is ${show(checkpoint)}, but there are no folders outside of Node. Give a store, such as indexedDBStore(name).`,
      );
    }
    return folderStore(checkpoint);
  }
  const store = checkpoint as Partial<CheckpointStore> | null;
  const isStore = [store?.read, store?.write, store?.remove].every((f) => typeof f === 'function');
  if (!isStore) {
    throw new ArgumentError(
      'checkpoint',
      `must be the name of a folder or a store { read, write, remove }, but is ${show(checkpoint)}. Write 'runs/first'.`,
    );
  }
  return store as CheckpointStore;
}
