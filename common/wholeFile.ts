/** A file that is replaced as a whole. */
export interface WholeFile {
  /** Its contents, or undefined where there is no such file. */
  read(): Promise<Uint8Array | undefined>;
  /** Replaces it all or nothing: whoever dies in the middle leaves the former one. Makes folders that are missing. */
  write(contents: Uint8Array): Promise<void>;
  /** Deletes it. Does nothing where there is none. */
  remove(): Promise<void>;
}

interface Builtins {
  'node:fs/promises': typeof import('node:fs/promises');
  'node:path': typeof import('node:path');
}

/**
 * A module of Node. Its name is known at run time only: bundlers for the browser must not look for it. Only Node before 20.16
 * needs `import()`, which Jest forbids in CommonJS.
 */
async function builtin<Name extends keyof Builtins>(name: Name): Promise<Builtins[Name]> {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: Name): Builtins[Name] } };
  return process?.getBuiltinModule?.(name) ?? import(/* @vite-ignore */ /* webpackIgnore: true */ name);
}
const fileSystem = () => builtin('node:fs/promises');

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
      const [{ mkdir, open, rename }, { dirname }] = await Promise.all([fileSystem(), builtin('node:path')]);
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
