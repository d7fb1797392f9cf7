import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import { wholeFile } from '../../../common/wholeFile';

/** The place of a checkpoint: one bundle of bytes, always the last one that was written completely. */
export interface CheckpointStore {
  /** The bundle, or undefined if none was written yet. */
  read(): Promise<Uint8Array | undefined>;
  /** Replaces the bundle. Until that is done, and if it fails or the process dies, `read` returns the former one. */
  write(bundle: Uint8Array): Promise<void>;
  /** Deletes the bundle, if there is one. */
  remove(): Promise<void>;
}

/**
 * A store in a folder, in Node: the file `checkpoint.bin` in it. The folder is created if it is missing. Only one process at a
 * time may use it.
 */
export const folderStore = (folder: string): CheckpointStore => wholeFile(`${folder}/checkpoint.bin`);

/**
 * The store for an option `checkpoint`.
 *
 * @throws ArgumentError for anything but the name of a folder or a store.
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
