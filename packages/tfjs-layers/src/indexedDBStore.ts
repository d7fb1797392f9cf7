import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import type { CheckpointStore } from './checkpointStore';

const DATABASE = 'crossreg';
const CHECKPOINTS = 'checkpoints';

/**
 * A store in the browser's IndexedDB, for this origin. It survives the page. Give every run a different name.
 *
 * @throws ArgumentError for an invalid name, or without IndexedDB.
 */
export function indexedDBStore(name: string): CheckpointStore {
  if (typeof name !== 'string' || name === '') {
    throw new ArgumentError('name', `must be a non-empty string, but is ${show(name)}. Write 'run-1'.`);
  }
  if (typeof indexedDB === 'undefined') {
    throw new ArgumentError(
      'checkpoint',
      'is for IndexedDB, which this environment lacks. In Node, give a folder.',
    );
  }
  return {
    read: () => transact<Uint8Array | undefined>('readonly', (store) => store.get(name)),
    // A transaction is all or nothing, a crash in the middle included.
    write: async (bundle) => void (await transact('readwrite', (store) => store.put(bundle, name))),
    remove: () => transact('readwrite', (store) => store.delete(name)),
  };
}

/** One request in a separate transaction. */
async function transact<R>(
  mode: IDBTransactionMode,
  request: (store: IDBObjectStore) => IDBRequest<R>,
): Promise<R> {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(CHECKPOINTS, mode, { durability: 'strict' });
      const asked = request(transaction.objectStore(CHECKPOINTS));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB: the transaction ended.'));
    });
  } finally {
    database.close();
  }
}

const open = (): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(CHECKPOINTS);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
