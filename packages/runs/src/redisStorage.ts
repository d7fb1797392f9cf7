import { needed, patient } from './connection';
import { itemStorage } from './itemStorage';
import type { Storage } from './storage';

/** A storage in Redis, through the driver of `unstorage`. */
export async function redisStorage(connection: string, base: string): Promise<Storage> {
  const { createStorage } = await needed(() => import('unstorage'));
  const { default: redisDriver } = await needed(() => import('unstorage/drivers/redis'));
  const driver = redisDriver({ url: connection, base, ...patient });
  // It waits for Redis; the code that opened the storage reports it.
  driver.getInstance?.().on('error', () => {});
  return itemStorage(createStorage({ driver }));
}
