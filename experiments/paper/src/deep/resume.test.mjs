import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { knownRuns } from './experiments.mjs';
import { profiles } from './profiles.mjs';

const root = mkdtempSync(join(tmpdir(), 'crossreg-paper-'));
afterAll(() => rmSync(root, { recursive: true }));

/** Does one run as a worker process of @crossreg/runs does, and sends progress and result to its parent. */
const program = `
  import paperRun from './paperRun.mjs';
  const { run, checkpoint } = JSON.parse(process.argv[1]);
  const onProgress = (done) => process.send({ done });
  process.send({ result: await paperRun({ run, checkpoint, onProgress }) });`;

/** Starts a run in a separate process, with the built packages. */
function begin(run, checkpoint) {
  const order = { run: { run, profile: profiles.smoke, backend: 'wasm', threads: 1 }, checkpoint };
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, JSON.stringify(order)], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)));
  let first;
  /** The result without times, and the step that was reported first. */
  const result = new Promise((resolve) => {
    child.on('message', (message) => {
      first ??= message.done;
      if (message.result) resolve({ first, result: { ...message.result, seconds: 0 } });
    });
  });
  return { child, ended, result };
}

const runs = knownRuns(profiles.smoke);

test.each(['plain', 'cross', 'grid-dropout-0.25', 'population', 'cross-decay-cosine'])(
  '%s: a run that the system killed continues to the identical result',
  async (name) => {
    const run = runs.find((each) => each.name === name);
    const straight = begin(run, join(root, `${name}-straight`));
    const expected = await straight.result;
    expect(expected.first).toBeLessThan(profiles.smoke.interval);
    straight.child.kill();

    const folder = join(root, name);
    const killed = begin(run, folder);
    while (!existsSync(join(folder, 'checkpoint.bin'))) await setTimeout(10);
    killed.child.kill('SIGKILL');
    expect(await killed.ended).toBe('SIGKILL');

    const resumed = begin(run, folder);
    const { first, result } = await resumed.result;
    expect(result).toEqual(expected.result);
    expect(first).toBeGreaterThanOrEqual(profiles.smoke.interval);
    resumed.child.kill();
  },
);
