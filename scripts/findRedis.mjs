import { spawnSync } from 'node:child_process';

const { status, stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });

/** The version of `redis-server` on this machine, or undefined. */
export const redisVersion = status === 0 ? /v=(\S+)/.exec(stdout)?.[1] : undefined;
/** The message if there is none. */
export const noRedis =
  'no redis-server was found, so runs over Redis are not tested. Install one (Debian: apt-get install redis-server).';
