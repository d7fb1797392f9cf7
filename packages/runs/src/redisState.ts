import { needed, patient } from './connection';
import type { State } from './state';
import { storageState } from './storageState';

/** A state in Redis, through the driver of `unstorage`. */
export async function redisState(connection: string, base: string): Promise<State> {
  const { createStorage } = await needed(() => import('unstorage'));
  const { default: redisDriver } = await needed(() => import('unstorage/drivers/redis'));
  const driver = redisDriver({ url: connection, base, ...patient });
  // It waits for Redis; the code that opened the state reports it.
  driver.getInstance?.().on('error', () => {});
  return storageState(createStorage({ driver }));
}
