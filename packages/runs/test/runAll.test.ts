import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runAll } from '../src/index';

const task = (name: string) => new URL(`./tasks/${name}.mjs`, import.meta.url);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const log = () => (existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : '');
const logistic = (count: number, steps: number, pause: number) =>
  Array.from({ length: count }, (_, i) => ({
    key: `run/${i}`,
    x: 0.1 + i / 50,
    steps,
    pause,
    log: join(folder, 'log'),
  }));
/** The result of an uninterrupted run. */
function alone({ x, steps }: { x: number; steps: number }) {
  for (let i = 0; i < steps; i++) x = 3.9 * x * (1 - x);
  return x;
}
async function until(condition: () => boolean) {
  while (!condition()) await setTimeout(10);
}
/** Whether a run has saved a checkpoint, by the readable part of its name. */
function hasCheckpoint(name: string) {
  const place = join(folder, 'checkpoints');
  const files = existsSync(place) ? (readdirSync(place, { recursive: true }) as string[]) : [];
  return files.some((file) => file.startsWith(name) && file.endsWith('checkpoint.bin'));
}
/** What is in the log about each run: where it began, and how often it ended. */
function story(key: string) {
  const lines = log().split('\n');
  return {
    from: lines.filter((line) => line.startsWith(`${key} from`)).map((line) => Number(line.split(' ')[2])),
    ended: lines.filter((line) => line === `${key} ended`).length,
  };
}

test('outcomes are in the order of the runs, and a run with a result is not repeated', async () => {
  const runs = logistic(5, 3, 0).map((run, i) => ({ ...run, pause: 40 - 10 * i }));
  const options = { task: task('logistic'), runs, storage: folder, concurrency: 2 };
  const first = await runAll(options);
  expect(first.map((each) => each.run.key)).toEqual(runs.map(({ key }) => key));
  expect(first.map((each) => each.status === 'completed' && each.result)).toEqual(
    runs.map((run) => ({ x: alone(run), path: Float32Array.of(alone(run)) })),
  );
  const again = await runAll({ ...options, runs: [...runs].reverse() });
  expect(again.map((each) => each.status === 'completed' && each.result)).toEqual(
    first.map((each) => each.status === 'completed' && each.result).reverse(),
  );
  expect(again.every((each) => each.status === 'completed' && each.cached)).toBe(true);
  for (const { key } of runs) expect(story(key)).toEqual({ from: [0], ended: 1 });

  const told: unknown[] = [];
  const onOutcome = (outcome: { run: { key: string }; status: string }) => told.push(outcome.run.key);
  const [one] = await runAll({ ...options, runs: runs.slice(0, 1), force: true });
  expect(one).toMatchObject({ status: 'completed', cached: false, result: { x: alone(runs[0]) } });
  expect(story(runs[0].key)).toEqual({ from: [0, 0], ended: 2 });
  const more = { ...logistic(6, 3, 0)[5] };
  await runAll({ ...options, runs: [more, ...runs], onOutcome });
  expect(told).toEqual([...runs, more].map(({ key }) => key));
});

test('a run that always fails is named, and the others finish', async () => {
  const ways = ['throws', 'exits', 'hangs', 'waits', 'killed', 'NaN', 'well', 'fine'];
  const outcomes = await runAll({
    task: task('poisoned'),
    runs: ways.map((how) => ({ key: how, how })),
    storage: folder,
    concurrency: 2,
    timeLimit: 3,
  });
  const said = outcomes.map((each) =>
    each.status === 'completed' ? each.result : `${each.error.name}: ${each.error.message}`,
  );
  expect(said).toEqual([
    'RangeError: no such batch',
    'ExitError: The process ended without a result (exit code 3).',
    'TimeLimitError: The run took longer than its limit of 3 s.',
    'TimeLimitError: The run took longer than its limit of 3 s.',
    'ExitError: The process ended without a result (SIGKILL).',
    expect.stringContaining('ResultError: result.losses[1] is NaN'),
    'well',
    'fine',
  ]);
});

test('a run is retried as often as requested', async () => {
  const options = { task: task('poisoned'), storage: folder, concurrency: 1 };
  const failed = await runAll({ ...options, runs: [{ key: 'a', how: 'throws' }], retries: 2 });
  expect(failed[0]).toMatchObject({ status: 'failed', attempts: 3 });
  const [second] = await runAll({ ...options, runs: [{ key: 'b', how: 'second' }], retries: 1 });
  expect(second).toMatchObject({ status: 'completed', result: 'second attempt' });
});

test.each(['throws', 'rejects'])(
  'a task that %s where no one waits fails its own run, not the next',
  async (how) => {
    const ways = [`${how} aside`, `${how} late`, 'slow'];
    const runs = ways.map((way, i) => ({ key: `${i}`, how: way }));
    const outcomes = await runAll({ task: task('poisoned'), runs, storage: folder, concurrency: 1 });
    const told = outcomes.map((each) => (each.status === 'failed' ? each.error.message : each.result));
    expect(told).toEqual(['no such batch', `${how} late`, 'slow']);
  },
);

test('the signal aborts all runs', async () => {
  const abort = new AbortController();
  const runs = [1, 2, 3].map((i) => ({ key: `${i}`, how: 'waits' }));
  const all = runAll({ task: task('poisoned'), runs, storage: folder, concurrency: 2, signal: abort.signal });
  await setTimeout(300);
  abort.abort();
  expect((await all).map((each) => each.status === 'failed' && each.error.name)).toEqual(
    Array(3).fill('AbortError'),
  );
});

test('after a worker is killed with -9, its run continues from the checkpoint to the identical result', async () => {
  // Long enough that the run is under way when it is killed.
  const runs = logistic(2, 150, 20);
  const all = runAll({ task: task('logistic'), runs, storage: folder, concurrency: 2, retries: 1 });
  await until(() => hasCheckpoint('run_0'));
  process.kill(Number(/run\/0 from 0 pid (\d+)/.exec(log())![1]), 'SIGKILL');
  const outcomes = await all;
  expect(outcomes.map((each) => each.status === 'completed' && each.result.x)).toEqual(runs.map(alone));
  const { from, ended } = story('run/0');
  expect(from).toHaveLength(2);
  expect(from[1]).toBeGreaterThan(0);
  expect(ended).toBe(1);
});

test('after the parent is killed with -9, its workers die, and the same call continues', async () => {
  const runs = logistic(6, 30, 20);
  const options = { task: task('logistic').href, runs, storage: folder, concurrency: 2 };
  const program = fileURLToPath(new URL('./program.mjs', import.meta.url));
  const parent = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: 'ignore' });
  await until(() => log().includes('run/2 from'));
  await setTimeout(200);
  parent.kill('SIGKILL');
  const workers = [...log().matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
  await until(() => workers.every((pid) => !alive(pid)));
  const begun = existsSync(join(folder, 'checkpoints')) ? readdirSync(join(folder, 'checkpoints')) : [];
  const hadCheckpoint = runs.filter(({ key }) =>
    begun.some(
      (name) =>
        name.startsWith(key.replace('/', '_')) &&
        existsSync(join(folder, 'checkpoints', name, 'checkpoint.bin')),
    ),
  );
  expect(hadCheckpoint.length).toBeGreaterThan(0);
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(options)]);
  expect(JSON.parse(stdout)).toEqual(runs.map((run) => ['completed', alone(run)]));
  expect(readdirSync(join(folder, 'results'))).toHaveLength(runs.length);
  expect(readdirSync(join(folder, 'checkpoints'))).toEqual([]);
  // No run with a checkpoint was started from the beginning.
  for (const { key } of hadCheckpoint) expect(story(key).from.filter((step) => step === 0)).toHaveLength(1);
});

function alive(pid: number) {
  try {
    process.kill(pid, 0);
    // A zombie process still has its id.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('a result that was cut short is refused by the name of its run, and left as it is', async () => {
  const options = { task: task('poisoned'), runs: [{ key: 'a', how: 'well' }], storage: folder };
  await runAll(options);
  const [file] = readdirSync(join(folder, 'results'));
  const path = join(folder, 'results', file);
  for (const rest of [readFileSync(path).subarray(0, 20), Buffer.alloc(0), Buffer.from('null')]) {
    writeFileSync(path, rest);
    await expect(runAll(options)).rejects.toThrow(
      `storage: has a damaged result of the run "a": ${rest.length} bytes under the name ${file.replace('.json', '')}.`,
    );
    expect(readFileSync(path)).toEqual(rest);
  }
  rmSync(path);
  expect(await runAll(options)).toMatchObject([{ status: 'completed', cached: false }]);
});

test('arguments out of range are refused before the first run', async () => {
  const options = { task: task('poisoned'), runs: [{ key: 'a', how: 'well' }], storage: folder };
  const refusal = (change: object) => runAll({ ...options, ...change });
  await expect(refusal({ task: '' })).rejects.toThrow('task: must be the path or URL of a module, but is ""');
  await expect(refusal({ task: './no-such-task.mjs' })).rejects.toThrow('but there is no such file');
  await expect(refusal({ folder: 'out' })).rejects.toThrow('folder: is not an option of runAll');
  await expect(refusal({ storage: undefined })).rejects.toThrow('storage: must be a folder, a module');
  await expect(refusal({ concurrency: 0 })).rejects.toThrow(
    'concurrency: must be a whole number of at least 1',
  );
  await expect(refusal({ queue: 'a' })).rejects.toThrow('queue: is only used with a connection');
  await expect(refusal({ connection: 'localhost:6379' })).rejects.toThrow(
    'connection: must be a URL redis://',
  );
  await expect(refusal({ connection: 'redis://localhost', queue: 'a:b' })).rejects.toThrow('without a colon');
  await expect(refusal({ connection: 'redis://localhost', concurrency: 2 })).rejects.toThrow(
    'work --concurrency N',
  );
  await expect(refusal({ retries: -1 })).rejects.toThrow('retries: must be a whole number of at least 0');
  await expect(refusal({ timeLimit: Number.NaN })).rejects.toThrow(
    'timeLimit: must be a number of seconds, above 0',
  );
  await expect(refusal({ runs: [{}] })).rejects.toThrow(
    'runs: must each have a non-empty string as key, but one is {}',
  );
  await expect(refusal({ runs: undefined })).rejects.toThrow('runs: must be a list of objects');
  await expect(refusal({ force: 'false' })).rejects.toThrow('force: must be true or false, but is "false"');
  await expect(refusal({ progress: 1 })).rejects.toThrow('progress: must be true or false, but is 1');
  await expect(refusal({ onOutcome: [] })).rejects.toThrow('onOutcome: must be a function, but is []');
  await expect(refusal({ signal: new AbortController() })).rejects.toThrow(
    'signal: must be an AbortSignal, but is AbortController. Of an AbortController, give its signal.',
  );
  const twice = [options.runs[0], options.runs[0]];
  await expect(refusal({ runs: twice })).rejects.toThrow('runs: has the key "a" twice');
  await expect(refusal({ runs: [{ key: 'a', f: () => 1 }] })).rejects.toThrow('run.f is a function');
  await runAll(options);
  await expect(refusal({ runs: [{ key: 'a', how: 'fine' }] })).rejects.toThrow('under the same key');
});
