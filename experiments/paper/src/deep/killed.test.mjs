import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runAll } from '@crossreg/runs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { noRedis, redisVersion } from '../../../../scripts/findRedis.mjs';
import { RedisServer } from '../../../../scripts/redisServer.mjs';
import { knownRuns } from './experiments.mjs';
import { profiles } from './profiles.mjs';

if (!redisVersion) console.error(`\n!!! SKIPPED: ${noRedis.toUpperCase()} !!!\n`);

const task = fileURLToPath(new URL('./watchedRun.mjs', import.meta.url));
/** Runs of the smoke profile, each a different kind of training. */
const names = [
  ...['plain', 'cross', 'plain-all', 'fixed-noise', 'grid-dropout-0.25', 'grid-decay-0.5'],
  ...['population', 'channels', 'residual', 'transformer', 'cross-decay-cosine', 'multiplicative'],
];
const root = mkdtempSync(join(tmpdir(), 'crossreg-killed-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const known = knownRuns(profiles.smoke);
const runsWith = (more) =>
  names.map((name) => ({
    key: name,
    ...{
      run: known.find((each) => each.name === name),
      profile: profiles.smoke,
      backend: 'wasm',
      threads: 1,
    },
    ...more,
  }));
/** Results without times. */
const resultsOf = (outcomes) =>
  outcomes.map(({ run, result, error }) => [run.key, error ?? { ...result, seconds: 0 }]);

/** The result of each run when it runs alone and is not killed. */
let expected;
beforeAll(async () => {
  const runs = runsWith({ log: join(root, 'log alone'), rest: 0 });
  const outcomes = await runAll({ task, runs, storage: join(root, 'alone'), concurrency: 1 });
  expected = resultsOf(outcomes);
  expect(outcomes.map(({ status }) => status)).toEqual(names.map(() => 'completed'));
}, 300_000);

let folder;
let runs;
let started = [];
beforeEach(() => {
  folder = mkdtempSync(join(root, 'killed-'));
  runs = runsWith({ log: join(folder, 'log'), rest: 150 });
});
afterEach(() => {
  for (const each of started) each.kill('SIGKILL');
  started = [];
});
const start = (args, env, cwd) => {
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, cwd, stdio: 'ignore' });
  started.push(child);
  return child;
};

/** The log: run, event (a step number, `looks` for a checkpoint, `saves` or `saved` it), process, and its parent. */
function notes() {
  const log = join(folder, 'log');
  const lines = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
  return lines.map((line) => {
    const [key, what, process, parent] = line.split(' ');
    return { key, what, process: Number(process), parent: Number(parent) };
  });
}
/** Waits until `count` other runs have saved a checkpoint and one more, unfinished run has just saved its first. */
async function savedFirst(count) {
  for (;;) {
    const saved = notes().filter(({ what }) => what === 'saved');
    const first = saved.filter(({ key }, i) => saved.findIndex((note) => note.key === key) === i);
    if (first.length > count && first.at(-1) === saved.at(-1)) return first.at(-1);
    await setTimeout(5);
  }
}

/**
 * Checks the log: each process continues step by step from the checkpoint that existed when it looked for one, or from a later
 * one, and one of the processes finishes the run.
 *
 * @returns how often a process continued from the checkpoint of another.
 */
function expectNothingLost() {
  let goneOn = 0;
  for (const key of names) {
    // A process can be killed after it has written a checkpoint and before it has noted that.
    const [written, saved] = [[0], [0]];
    const steps = new Map();
    const looked = new Map();
    for (const { what, process } of notes().filter((note) => note.key === key)) {
      const before = steps.get(process);
      if (what === 'looks') looked.set(process, looked.get(process) ?? saved.at(-1));
      else if (what === 'saves') written.push(before);
      else if (what === 'saved') saved.push(before);
      else if (before !== undefined) {
        expect([key, Number(what)]).toEqual([key, before + 1]);
        steps.set(process, Number(what));
      } else {
        const from = Number(what) - 1;
        expect(written, `${key} from ${from}`).toContain(from);
        expect(from, key).toBeGreaterThanOrEqual(looked.get(process));
        if (from > 0) goneOn++;
        steps.set(process, from + 1);
      }
    }
    expect([key, Math.max(...steps.values())]).toEqual([key, expectedSteps(key)]);
  }
  return goneOn;
}
const expectedSteps = (key) => profiles.smoke.steps * (key === 'population' ? profiles.smoke.population : 1);

describe.skipIf(!redisVersion)('12 smoke runs, by three workers over Redis', () => {
  let redis;
  beforeAll(async () => {
    // Redis confirms a write only when it is on disk, so no saved checkpoint is lost.
    redis = await RedisServer.start({ settings: { appendfsync: 'always' } });
  });
  afterAll(() => redis.stop());

  test('runs go on from their checkpoints after -9 to a worker and then to Redis, each to the same bits', async () => {
    const main = createRequire(import.meta.url).resolve('@crossreg/runs');
    const program = join(main, '../../bin/crossreg-runs.js');
    const work = () =>
      start([program, 'work', '--task', task, '--concurrency', '1', '--stalled-after', '2'], {
        REDIS_URL: redis.url,
      });
    const workers = [work(), work(), work()];
    const told = [];
    const all = runAll({ task, runs, connection: redis.url, onOutcome: ({ run }) => told.push(run.key) });

    const { parent } = await savedFirst(2);
    const killed = workers.find(({ pid }) => pid === parent);
    killed.kill('SIGKILL');
    work();
    await savedFirst(6);
    await redis.kill();
    // Longer than a worker may be silent, so its run is given to another.
    await setTimeout(2500);
    await redis.start();

    expect(resultsOf(await all)).toEqual(expected);
    expect(told.sort()).toEqual([...names].sort());
    // The run of the killed worker, and the runs that waited for Redis longer than a worker may be silent.
    expect(expectNothingLost()).toBeGreaterThan(0);
    const again = await runAll({ task, runs, connection: redis.url });
    expect(again.every(({ status, cached }) => status === 'completed' && cached)).toBe(true);
    expect(resultsOf(again)).toEqual(expected);
  }, 300_000);
});

test('12 smoke runs in local processes: the results survive -9 to one of them and then to their parent', async () => {
  const storage = join(folder, 'state');
  const options = { task, runs, storage, concurrency: 3, retries: 1 };
  // This uses the built packages, as the task does.
  const program = `import('@crossreg/runs').then(({ runAll }) => runAll(${JSON.stringify(options)}))`;
  const parent = start(['-e', program], {}, fileURLToPath(new URL('.', import.meta.url)));
  const one = await savedFirst(2);
  expect(one.parent).toBe(parent.pid);
  process.kill(one.process, 'SIGKILL');
  await savedFirst(6);
  parent.kill('SIGKILL');
  // Its processes end with it, within 0.2 s. They may still write to the log until then.
  await setTimeout(500);
  const done = readdirSync(join(storage, 'results'));
  expect(done.length).toBeLessThan(runs.length);

  const outcomes = await runAll(options);
  expect(resultsOf(outcomes)).toEqual(expected);
  expect(outcomes.filter(({ cached }) => cached)).toHaveLength(done.length);
  expect(expectNothingLost()).toBeGreaterThan(1);
  expect(readdirSync(join(storage, 'results'))).toHaveLength(runs.length);
  expect(readdirSync(join(storage, 'checkpoints'))).toEqual([]);
}, 300_000);
