import { createHash, randomUUID } from 'node:crypto';
import { folderState } from './folderState';
import { redisState } from './redisState';
import { moduleState } from './storageState';

/** Where a checkpoint is kept: one bundle of bytes. The same as `CheckpointStore` of `@crossreg/tfjs-layers`. */
export interface CheckpointStore {
  read(): Promise<Uint8Array | undefined>;
  write(bundle: Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

/** Where the results and checkpoints of runs are kept, by name of the run (see {@link nameOf}). */
export interface State {
  result(name: string): CheckpointStore;
  checkpoint(name: string): CheckpointStore;
  /** Holds what tells this state from others. */
  readonly id: CheckpointStore;
  close(): Promise<void>;
}

/** What a process is told to open a state: plain data, because it goes to other processes. */
export type StatePlace = { folder: string } | { module: string } | { redis: string; base: string };

export async function openState(place: StatePlace): Promise<State> {
  if ('folder' in place) return folderState(place.folder);
  if ('module' in place) return moduleState(place.module);
  return redisState(place.redis, place.base);
}

/** The name of what a run keeps: readable, and another for every key in every store. */
export function nameOf(key: string): string {
  const readable = key.replace(/[^\w-]+/g, '_').slice(0, 60);
  const hash = createHash('sha256').update(key).digest().toString('hex', 0, 8);
  // A caller may hold many: joined, they are short strings, not views of longer ones.
  return [readable, hash].join('-');
}

/** What tells a state from others; given to it where it has none. */
export async function identify({ id }: State): Promise<string> {
  if ((await id.read()) === undefined) await id.write(Buffer.from(randomUUID()));
  // Read back: of two that write at the same time, one stays. And there are stores that only read.
  const kept = await id.read();
  if (kept === undefined) throw new Error('The store of the state does not keep what is written to it.');
  return Buffer.from(kept).toString();
}
