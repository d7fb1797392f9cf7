import { ArgumentError } from '@crossreg/core';
import type { Redis } from 'ioredis';

/**
 * Loads packages that only runs over Redis need.
 *
 * @throws Error that says how to install what is missing.
 */
export async function needed<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!/^(ERR_)?MODULE_NOT_FOUND$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new Error('Runs over Redis need three more packages: npm install bullmq ioredis unstorage', {
      cause: error,
    });
  }
}

/** @throws ArgumentError without the part of the URL that may be a password. */
export function checkConnection(connection: unknown, argument = 'connection'): asserts connection is string {
  const url = typeof connection === 'string' && URL.canParse(connection) ? new URL(connection) : undefined;
  if (url && /^rediss?:$/.test(url.protocol) && url.hostname !== '') return;
  throw new ArgumentError(
    argument,
    'must be a URL redis://[user:password@]host[:port][/database], or rediss:// with TLS. The given value is not shown, because it may contain a password.',
  );
}

/** A connection string without user, password and options, for messages. */
export function shown(connection: string): string {
  const { protocol, username, password, host, pathname } = new URL(connection);
  return `${protocol}//${username || password ? '***@' : ''}${host}${pathname}`;
}

/** The message of an error, not the error itself: an error of ioredis holds the command, which may contain the password. */
export function saying(thrown: unknown): Error {
  const error = thrown as Error & { command?: unknown };
  return error?.command === undefined ? error : new Error(error.message);
}

/** Options of a connection that waits while Redis does not answer. */
export const patient = {
  maxRetriesPerRequest: null,
  retryStrategy: (times: number) => Math.min(100 * times, 2000),
};

/**
 * A connection that waits while Redis does not answer, and reports when it is lost and when it is back.
 *
 * @param wait - whether to wait for the first connection too.
 * @throws ArgumentError if Redis refuses the connection: a wrong password, a database that does not exist.
 */
export async function connect(connection: string, { wait }: { wait: boolean }): Promise<Redis> {
  checkConnection(connection);
  const { Redis } = await needed(() => import('ioredis'));
  const place = shown(connection);
  let problem = await problemOf(new Redis(connection, { lazyConnect: true, retryStrategy: () => null }));
  // Waiting does not change an answer that refuses.
  if (problem && (!wait || problem.name === 'ReplyError')) {
    throw new ArgumentError(
      'connection',
      `names ${place}, which cannot be used: ${problem.message}. Check the password, and that Redis runs there.`,
    );
  }
  const say = (what: string) => console.error(`Redis at ${place} ${what}`);
  if (problem) say(`does not answer (${problem.message}). Waiting for it.`);
  const redis = new Redis(connection, patient);
  redis.on('error', (error: Error) => {
    if (!problem) say(`does not answer (${error.message}). Waiting for it.`);
    problem = error;
  });
  redis.on('ready', () => {
    if (problem) say('answers again.');
    problem = undefined;
  });
  return redis;
}

async function problemOf(redis: Redis): Promise<Error | undefined> {
  // Events say more than the promise, which says only that the connection was closed.
  let problem: Error | undefined;
  redis.on('error', (error) => {
    problem ??= error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    problem ??= error as Error;
  }
  redis.disconnect();
  return problem;
}
