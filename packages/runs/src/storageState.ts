import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import type { State } from './state';
import { type Items, storedBundle } from './storedBundle';

/** A state in a storage of `unstorage`. */
export function storageState(storage: Items, base = ''): State {
  return {
    result: (name) => storedBundle(storage, `${base}results:${name}`),
    checkpoint: (name) => storedBundle(storage, `${base}checkpoints:${name}`),
    id: storedBundle(storage, `${base}id`),
    async close() {
      await storage.dispose?.();
    },
  };
}

/** A state in the storage that a module exports as its default. */
export async function moduleState(href: string): Promise<State> {
  const { default: storage } = await import(href);
  const missing = ['getItemRaw', 'setItemRaw', 'removeItem'].find(
    (method) => typeof storage?.[method] !== 'function',
  );
  if (missing) {
    throw new ArgumentError(
      'state',
      `names the module ${href}, whose default export must be an unstorage storage, but is ${show(storage)}. Write export default createStorage({ driver }).`,
    );
  }
  return storageState(storage);
}
