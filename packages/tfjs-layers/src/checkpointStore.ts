import { ArgumentError, show } from '@crossreg/core';

/** Where a checkpoint is kept: one bundle of bytes, of which the last that was written whole is there. */
export interface CheckpointStore {
  /** The bundle, or undefined where none was written yet. */
  read(): Promise<Uint8Array | undefined>;
  /** Replaces the bundle. Until it is done, and when it fails or the process dies, `read` gives the former one. */
  write(bundle: Uint8Array): Promise<void>;
  /** Deletes the bundle. Does nothing where there is none. */
  remove(): Promise<void>;
}

// By a name known at run time only: bundlers for the browser must not look for modules of Node.
const fileSystem = (name = 'node:fs/promises'): Promise<typeof import('node:fs/promises')> =>
  import(/* @vite-ignore */ /* webpackIgnore: true */ name);

const isMissing = (error: unknown) => (error as { code?: string }).code === 'ENOENT';

/**
 * A store in a folder, in Node: the file `checkpoint.bin` in it. The folder is made where it is missing. One process at
 * a time may use it.
 */
export function folderStore(folder: string): CheckpointStore {
  const path = `${folder}/checkpoint.bin`;
  return {
    async read() {
      const { readFile } = await fileSystem();
      return readFile(path).catch((error) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
    },
    async write(bundle) {
      const { mkdir, open, rename } = await fileSystem();
      await mkdir(folder, { recursive: true });
      const temporary = `${path}.part`;
      const file = await open(temporary, 'w');
      try {
        await file.writeFile(bundle);
        // On the disk before it has the name: else a power cut may leave the name without the contents.
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
      await syncFolder(folder);
    },
    async remove() {
      const { rm } = await fileSystem();
      for (const each of [path, `${path}.part`]) await rm(each, { force: true });
    },
  };
}

/** Brings a renaming to the disk. Windows has no such thing and needs none. */
async function syncFolder(folder: string): Promise<void> {
  const { open } = await fileSystem();
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

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
      `must be the name of a folder or a store { read, write, remove }, but is ${show(checkpoint)}.`,
    );
  }
  return store as CheckpointStore;
}
