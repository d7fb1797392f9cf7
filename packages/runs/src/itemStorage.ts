import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import type { Storage } from './storage';
import { type Items, storedBundle } from './storedBundle';

/** A storage of runs in the items of one of `unstorage`. */
export function itemStorage(items: Items, base = ''): Storage {
  return {
    result: (name) => storedBundle(items, `${base}results:${name}`),
    checkpoint: (name) => storedBundle(items, `${base}checkpoints:${name}`),
    id: storedBundle(items, `${base}id`),
    async close() {
      await items.dispose?.();
    },
  };
}

/** A storage of runs in that of `unstorage` which a module exports as its default. */
export async function moduleStorage(href: string): Promise<Storage> {
  const { default: items } = await import(href);
  const missing = ['getItemRaw', 'setItemRaw', 'removeItem'].find(
    (method) => typeof items?.[method] !== 'function',
  );
  if (missing) {
    throw new ArgumentError(
      'storage',
      `names the module ${href}, whose default export must be an unstorage storage, but is ${show(items)}. Write export default createStorage({ driver }).`,
    );
  }
  return itemStorage(items);
}
