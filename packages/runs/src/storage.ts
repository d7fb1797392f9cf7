import { createHash, randomUUID } from 'node:crypto';
import { ArgumentError } from '@crossreg/core';
import { folderStorage } from './folderStorage';
import { moduleStorage } from './itemStorage';
import { redisStorage } from './redisStorage';

/** The place of a checkpoint: one bundle of bytes. The same as `CheckpointStore` of `@crossreg/tfjs-layers`. */
export interface CheckpointStore {
  read(): Promise<Uint8Array | undefined>;
  write(bundle: Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

/** The place of results and checkpoints of runs, by name of the run (see {@link nameOf}). */
export interface Storage {
  result(name: string): CheckpointStore;
  checkpoint(name: string): CheckpointStore;
  /** Tells this storage from others. */
  readonly id: CheckpointStore;
  close(): Promise<void>;
}

/** The data with which a process opens a storage: plain, because it is sent to other processes. */
export type StoragePlace = { folder: string } | { module: string } | { redis: string; base: string };

export async function openStorage(place: StoragePlace): Promise<Storage> {
  if ('folder' in place) return folderStorage(place.folder);
  if ('module' in place) return moduleStorage(place.module);
  return redisStorage(place.redis, place.base);
}

/** The name under which a run is kept: readable, and unique for each key in every store. */
export function nameOf(key: string): string {
  const readable = key.replace(/[^\w-]+/g, '_').slice(0, 60);
  const hash = createHash('sha256').update(key).digest().toString('hex', 0, 8);
  // A caller may hold many names. Joined, they are short strings, not views of longer ones.
  return [readable, hash].join('-');
}

/** The identity of a storage; a storage that has none gets one. */
export async function identify({ id }: Storage): Promise<string> {
  if ((await id.read()) === undefined) await id.write(Buffer.from(randomUUID()));
  // Read back, because only one of two simultaneous writes stays. Some stores are read-only, too.
  const kept = await id.read();
  if (kept === undefined) {
    throw new ArgumentError(
      'storage',
      'does not keep what is written to it. Give a folder, or a storage that can be written.',
    );
  }
  return Buffer.from(kept).toString();
}
