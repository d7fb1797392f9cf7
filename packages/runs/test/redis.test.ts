import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { noRedis, redisVersion } from '../../../scripts/findRedis.mjs';
import { RedisServer } from '../../../scripts/redisServer.mjs';
import { runAll, startWorker } from '../src/index';

if (!redisVersion) console.error(`\n!!! SKIPPED: ${noRedis.toUpperCase()} !!!\n`);

const task = (name: string) => fileURLToPath(new URL(`./tasks/${name}.mjs`, import.meta.url));
const command = fileURLToPath(new URL('../bin/crossreg-runs.js', import.meta.url));

describe.skipIf(!redisVersion)('over Redis', () => {
  const password = 'Tr0ub4dor';
  let redis: RedisServer;
  let folder: string;
  beforeAll(async () => {
    redis = await RedisServer.start({ password });
  });
  afterAll(() => redis.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Worker processes, started from the command line, and their output. */
  let workers: ChildProcess[] = [];
  let said = '';
  afterEach(() => {
    for (const worker of workers) worker.kill('SIGKILL');
    workers = [];
  });
  const work = (name: string, ...more: string[]) => {
    const args = [
      command,
      'work',
      '--task',
      task(name),
      '--concurrency',
      '1',
      '--stalled-after',
      '2',
      ...more,
    ];
    const worker = spawn(process.execPath, args, { env: { ...process.env, REDIS_URL: redis.url } });
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.on('data', (text) => {
        said += text;
      });
    }
    workers.push(worker);
    return worker;
  };
  const log = () => (existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : '');
  /** Steps of a run, by the process that took them, in the order in which those began. */
  const stepsOf = (key: string) => {
    const taken = new Map<string, number[]>();
    for (const line of log().split('\n')) {
      const [of, step, pid] = line.split(' ');
      if (of === key) taken.set(pid, [...(taken.get(pid) ?? []), Number(step)]);
    }
    return [...taken.values()];
  };
  async function until(condition: () => boolean) {
    while (!condition()) await setTimeout(20);
  }

  test('after a worker and then Redis are killed with -9, every run continues from its checkpoint and ends once, with identical results', async () => {
    const steps = 60;
    const runs = Array.from({ length: 12 }, (_, i) => ({
      key: `run/${i}`,
      ...{ seed: i + 1, steps, pause: 20, log: join(folder, 'log') },
    }));
    const alone = await runAll({
      task: task('ridge'),
      runs: runs.map((run) => ({ ...run, pause: 0, log: join(folder, 'log alone') })),
      storage: join(folder, 'alone'),
      concurrency: 1,
    });

    const first = work('ridge');
    work('ridge');
    work('ridge');
    const all = runAll({ task: task('ridge'), runs, connection: redis.url });
    const half = () => [...log().matchAll(/ (\d+) \d+\n/g)].filter(([, step]) => Number(step) >= 15).length;
    await until(() => half() > 20);
    first.kill('SIGKILL');
    await until(() => half() > 150);
    await redis.kill();
    // Longer than a worker may be silent: its run is given to another.
    await setTimeout(2500);
    await redis.start();
    const outcomes = await all;

    expect(outcomes.map(({ run }) => run.key)).toEqual(runs.map(({ key }) => key));
    const results = (some: typeof outcomes) => some.map((each) => each.status === 'completed' && each.result);
    expect(results(outcomes)).toEqual(results(alone));
    expect(alone.every(({ status }) => status === 'completed')).toBe(true);
    for (const { key } of runs) {
      let reached = 0;
      for (const steps of stepsOf(key)) {
        // From the last checkpoint, one at every tenth step, and without a gap. The one before is the last one where a
        // process died while it wrote.
        const last = reached - (reached % 10);
        expect([last, Math.max(0, last - 10)]).toContain(steps[0]);
        if (reached > 10) expect(steps[0]).toBeGreaterThan(0);
        expect(steps).toEqual(steps.map((_, i) => steps[0] + i));
        reached = Math.max(reached, steps.at(-1)! + 1);
      }
      expect(reached).toBe(steps);
    }
    // The kills did happen.
    expect(runs.filter(({ key }) => stepsOf(key).length > 1).length).toBeGreaterThan(0);
    // No run is repeated, and the queue is empty.
    const again = await runAll({ task: task('ridge'), runs, connection: redis.url });
    expect(again.every((each) => each.status === 'completed' && each.cached)).toBe(true);
    expect(said).not.toContain(password);
  });

  test('a run that always fails is named, and the others finish', async () => {
    process.env.TEST_STORAGE = join(folder, 'storage');
    const how = { connection: redis.url, task: task('poisoned'), storage: task('storage') };
    const worker = await startWorker({ ...how, concurrency: 2 });
    const ways = ['throws', 'exits', 'hangs', 'waits', 'killed', 'NaN', 'well', 'fine'];
    const runs = ways.map((way) => ({ key: way, how: way }));
    const outcomes = await runAll({ ...how, runs, timeLimit: 3 });
    expect(
      outcomes.map((each) =>
        each.status === 'completed' ? each.result : `${each.error.name}: ${each.error.message}`,
      ),
    ).toEqual([
      'RangeError: no such batch',
      'ExitError: The process ended without a result (exit code 3).',
      'TimeLimitError: The run took longer than its limit of 3 s.',
      'TimeLimitError: The run took longer than its limit of 3 s.',
      'ExitError: The process ended without a result (SIGKILL).',
      expect.stringContaining('ResultError: result.losses[1] is NaN'),
      'well',
      'fine',
    ]);
    // Retried as often as requested; a run that failed in an earlier call is tried again by the next.
    const [failed] = await runAll({ ...how, runs: [runs[0]], retries: 2 });
    expect(failed).toMatchObject({ status: 'failed', attempts: 3, error: { name: 'RangeError' } });
    const [second] = await runAll({ ...how, runs: [{ key: 'b', how: 'second' }], retries: 1 });
    expect(second).toMatchObject({ status: 'completed', result: 'second attempt' });
    await expect(runAll({ ...how, runs: [{ key: 'well', how: 'fine' }] })).rejects.toThrow(
      'under the same key',
    );
    await worker.close();
    const kept = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(kept.length).toBeGreaterThan(3);
    for (const { parentPath, name } of kept) {
      expect(readFileSync(join(parentPath, name), 'latin1')).not.toContain(password);
    }
  });

  test('the signal aborts all runs; jobs that Redis lost are queued again', async () => {
    const abort = new AbortController();
    const runs = ['waits', 'well', 'fine'].map((how) => ({ key: how, how }));
    const how = { connection: redis.url, task: task('poisoned'), queue: 'aborted', runs };
    const all = runAll({ ...how, signal: abort.signal });
    await setTimeout(500);
    abort.abort();
    expect((await all).map((each) => each.status === 'failed' && each.error.name)).toEqual(
      Array(3).fill('AbortError'),
    );
    const again = runAll({ ...how, runs: runs.slice(1) });
    await setTimeout(500);
    const { Queue } = await import('bullmq');
    const { Redis } = await import('ioredis');
    const connection = new Redis(redis.url);
    const queue = new Queue('aborted', { connection, prefix: 'crossreg' });
    expect(await queue.getWaitingCount()).toBe(2);
    await queue.obliterate();
    await queue.close();
    connection.disconnect();
    const worker = await startWorker({ connection: redis.url, task: task('poisoned'), queue: 'aborted' });
    expect((await again).map((each) => each.status === 'completed' && each.result)).toEqual(['well', 'fine']);
    await worker.close();
  });

  test('a worker that is told to stop returns its run to the queue, and the next one continues from its checkpoint', async () => {
    const runs = [{ key: 'a', seed: 1, steps: 100, pause: 30, log: join(folder, 'log') }];
    const how = { connection: redis.url, task: task('ridge'), queue: 'ended' };
    const first = work('ridge', '--queue', 'ended');
    const all = runAll({ ...how, runs });
    await until(() => log().includes('a 15 '));
    const ended = new Promise((resolve) => first.once('exit', resolve));
    first.kill('SIGTERM');
    expect(await ended).toBe(0);
    work('ridge', '--queue', 'ended');
    expect((await all)[0]).toMatchObject({ status: 'completed' });
    const [, second] = stepsOf('a');
    expect(second[0]).toBeGreaterThanOrEqual(10);
  });

  test('a worker for another task, or with another storage, refuses a run', async () => {
    const how = { connection: redis.url, task: task('poisoned'), queue: 'refused' };
    const runs = [{ key: 'a', how: 'well' }];
    let worker = await startWorker({ ...how, task: task('ridge') });
    expect((await runAll({ ...how, runs, retries: 3 }))[0]).toMatchObject({
      ...{ status: 'failed', attempts: 1 },
      error: { name: 'TaskError', message: expect.stringContaining('does "ridge"') },
    });
    await worker.close();
    worker = await startWorker({ ...how, storage: join(folder, 'its') });
    expect((await runAll({ ...how, runs, storage: join(folder, 'ours') }))[0]).toMatchObject({
      ...{ status: 'failed', attempts: 1 },
      error: { name: 'StorageError', message: expect.stringContaining('--storage') },
    });
    await worker.close();
  });

  test('if Redis refuses the connection, runAll throws before the first run and shows no password', async () => {
    const secret = 'c0rrecthorse';
    const wrong = `redis://:${secret}@127.0.0.1:${redis.port}`;
    const how = { task: task('poisoned'), runs: [{ key: 'a', how: 'well' }] };
    const errors = await Promise.all(
      [
        runAll({ ...how, connection: wrong }),
        startWorker({ task: how.task, connection: wrong }),
        runAll({ ...how, connection: `redis://127.0.0.1:${redis.port}` }),
        runAll({ ...how, connection: `${redis.url}/99` }),
        runAll({ ...how, connection: `http://:${secret}@127.0.0.1` }),
        runAll({ ...how, connection: `:${secret}@127.0.0.1` }),
        runAll({ ...how, connection: `redis://:${secret}@127.0.0.1:1` }),
        runAll({ ...how, storage: `redis://:${secret}@` }),
      ].map((promise) =>
        promise.then(
          () => 'fine',
          (error) => error,
        ),
      ),
    );
    expect(errors.map((error) => error.name)).toEqual(Array(errors.length).fill('ArgumentError'));
    expect(errors.map((error) => error.message)).toEqual([
      expect.stringMatching(/redis:\/\/\*\*\*@127.0.0.1:\d+, which cannot be used: WRONGPASS/),
      expect.stringContaining('WRONGPASS'),
      expect.stringContaining('NOAUTH'),
      expect.stringContaining('DB index is out of range'),
      expect.stringContaining('must be a URL redis://'),
      expect.stringContaining('must be a URL redis://'),
      expect.stringContaining('ECONNREFUSED'),
      expect.stringContaining('must be a URL redis://'),
    ]);
    const all = inspect(errors, { depth: 9, showHidden: true });
    for (const one of [secret, password]) expect(all).not.toContain(one);

    const before = said.length;
    const worker = work('poisoned', '--redis', wrong);
    expect(await new Promise((resolve) => worker.once('close', resolve))).toBe(2);
    expect(said.slice(before)).toContain('WRONGPASS');
    expect(said).not.toContain(secret);
  });
});
