import { spawnSync } from 'node:child_process';

const { status, stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });

/** Of the machine's `redis-server`; undefined where there is none. */
export const redisVersion = status === 0 ? /v=(\S+)/.exec(stdout)?.[1] : undefined;
/** What to say then. */
export const noRedis =
  'no redis-server was found, so runs over Redis are not tested. Install one (Debian: apt-get install redis-server).';
