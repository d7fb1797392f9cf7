import { access, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Where downloads are kept: `CROSSREG_CACHE`, or `crossreg` in the system's folder for caches (`XDG_CACHE_HOME` or
 * `~/.cache`; `~/Library/Caches` on macOS; `%LOCALAPPDATA%` on Windows).
 */
export function defaultCacheFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform = process.platform,
): string {
  if (env.CROSSREG_CACHE) return env.CROSSREG_CACHE;
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'crossreg');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'crossreg');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'crossreg');
}

/**
 * Makes the file or folder `path` unless it exists. `build` makes it under another name, which becomes `path` when
 * all of it is there: what is found in a cache is complete, also after a crash and with two processes at once.
 */
export async function cached(path: string, build: (temporary: string) => Promise<void>): Promise<string> {
  if (await exists(path)) return path;
  const temporary = `${path}.${process.pid}.part`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await build(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another process may have been first: its copy is as good.
    if (!(await exists(path))) throw error;
  }
  return path;
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
