import { createHash } from 'node:crypto';
import type { CheckpointStore } from './storage';

/** The part of a `Storage` of `unstorage` that is used: items of bytes by key. */
export interface Items {
  getItemRaw(key: string): Promise<any>;
  setItemRaw(key: string, value: any): Promise<void>;
  removeItem(key: string): Promise<void>;
  dispose?(): Promise<void> | void;
}

/** Size of an item: below 1 MB even as base64, the smallest limit of the usual stores. */
const itemBytes = 512 * 1024;
/** Items in flight at a time. */
const atOnce = 8;
const separator = '\n';

interface Head {
  /** Counts the writes. */
  sequence: number;
  bytes: number;
  sha256: string;
  /** The largest number of items that this slot has had. */
  items: number;
}

/**
 * A bundle in a store that knows only items of limited size, and that may be killed in the middle of one. It is replaced
 * completely or not at all: writes alternate between two slots, and a slot is valid only if its bytes have the checksum in its
 * head. So the former bundle is complete until the new one is.
 *
 * The head is an item that also holds the beginning of the bundle, so a small bundle is one item.
 */
export function storedBundle(storage: Items, place: string): CheckpointStore {
  const key = (slot: number, item: number) => `${place}:${slot}-${item}`;

  async function readItem(slot: number, item: number): Promise<Buffer | undefined> {
    const value = await storage.getItemRaw(key(slot, item));
    return value === null || value === undefined ? undefined : Buffer.from(value);
  }

  /** The head of a slot, and the bytes that follow it in its item. */
  async function readHead(slot: number): Promise<{ head: Head; begin: Buffer } | undefined> {
    const item = await readItem(slot, 0);
    const end = item?.indexOf(separator) ?? -1;
    if (!item || end < 0) return undefined;
    try {
      const head: Head = JSON.parse(item.subarray(0, end).toString());
      const begin = item.subarray(end + 1);
      // Otherwise it is half-written and treated as missing.
      return begin.length === Math.min(head.bytes, itemBytes) ? { head, begin } : undefined;
    } catch {
      return undefined;
    }
  }

  async function readSlot(slot: number, found: { head: Head; begin: Buffer }): Promise<Buffer | undefined> {
    const { bytes, sha256 } = found.head;
    const further = Math.ceil((bytes - found.begin.length) / itemBytes);
    const items = await inGroups(further, (i) => readItem(slot, i + 1));
    if (items.includes(undefined)) return undefined;
    const bundle = Buffer.concat([found.begin, ...(items as Buffer[])]);
    return bundle.length === bytes && checksum(bundle) === sha256 ? bundle : undefined;
  }

  const readHeads = () => Promise.all([readHead(0), readHead(1)]);

  return {
    async read() {
      const heads = await readHeads();
      const newestFirst = [0, 1].sort((a, b) => sequenceOf(heads[b]) - sequenceOf(heads[a]));
      for (const slot of newestFirst) {
        const found = heads[slot];
        const bundle = found && (await readSlot(slot, found));
        if (bundle) return bundle;
      }
      return undefined;
    },
    async write(bundle) {
      const heads = await readHeads();
      const slot = sequenceOf(heads[0]) <= sequenceOf(heads[1]) ? 0 : 1;
      const further = Math.ceil(Math.max(0, bundle.length - itemBytes) / itemBytes);
      await inGroups(further, (i) =>
        storage.setItemRaw(key(slot, i + 1), bundle.subarray((i + 1) * itemBytes, (i + 2) * itemBytes)),
      );
      const head: Head = {
        sequence: Math.max(...heads.map(sequenceOf)) + 1,
        bytes: bundle.length,
        sha256: checksum(bundle),
        items: Math.max(further + 1, heads[slot]?.head.items ?? 0),
      };
      // Last, because it makes the slot valid.
      await storage.setItemRaw(
        key(slot, 0),
        Buffer.concat([Buffer.from(JSON.stringify(head) + separator), bundle.subarray(0, itemBytes)]),
      );
    },
    async remove() {
      for (const [slot, found] of (await readHeads()).entries()) {
        if (!found) continue;
        // The head last, because it knows how many there are.
        const { items } = found.head;
        await inGroups(items - 1, (i) => storage.removeItem(key(slot, i + 1)));
        await storage.removeItem(key(slot, 0));
      }
    },
  };
}

const sequenceOf = (found: { head: Head } | undefined) => found?.head.sequence ?? 0;
const checksum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** What `f` gives for 0 … count − 1, some at a time. */
async function inGroups<T>(count: number, f: (i: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let from = 0; from < count; from += atOnce) {
    const group = Array.from({ length: Math.min(atOnce, count - from) }, (_, i) => f(from + i));
    all.push(...(await Promise.all(group)));
  }
  return all;
}
