/** A file that is replaced as a whole. */
export interface WholeFile {
  /** Its contents, or undefined where there is no such file. */
  read(): Promise<Uint8Array | undefined>;
  /** Replaces it all or nothing: whoever dies in the middle leaves the former one. Makes folders that are missing. */
  write(contents: Uint8Array): Promise<void>;
  /** Deletes it. Does nothing where there is none. */
  remove(): Promise<void>;
}

// By names known at run time only: bundlers for the browser must not look for modules of Node.
const fileSystem = (name = 'node:fs/promises'): Promise<typeof import('node:fs/promises')> =>
  import(/* @vite-ignore */ /* webpackIgnore: true */ name);
const paths = (name = 'node:path'): Promise<typeof import('node:path')> =>
  import(/* @vite-ignore */ /* webpackIgnore: true */ name);

/**
 * A file that is replaced as a whole, in Node.
 *
 * Every package that needs it builds this file into itself, because some packages may depend on nothing.
 *
 * @param part - where new contents lie until they are complete. Where several processes may write at once, it must be
 * another name each time.
 */
export function wholeFile(path: string, part: () => string = () => `${path}.part`): WholeFile {
  return {
    async read() {
      const { readFile } = await fileSystem();
      return readFile(path).catch((error) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
    },
    async write(contents) {
      const [{ mkdir, open, rename }, { dirname }] = await Promise.all([fileSystem(), paths()]);
      const folder = dirname(path);
      const temporary = part();
      for (const each of [folder, dirname(temporary)]) await mkdir(each, { recursive: true });
      const file = await open(temporary, 'w');
      try {
        await file.writeFile(contents);
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
      for (const each of [path, part()]) await rm(each, { force: true });
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
