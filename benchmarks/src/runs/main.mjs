// What the pool of @crossreg/runs adds to a bare loop: node main.mjs [runs] [seconds each], two workers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAll } from '@crossreg/runs';
import wait from './wait.mjs';

const [count, seconds] = [Number(process.argv[2] ?? 20), Number(process.argv[3] ?? 5)];
const workers = 2;
const runs = Array.from({ length: count }, (_, i) => ({ key: `run-${i}`, seconds }));
const folder = mkdtempSync(join(tmpdir(), 'runs-'));
const timed = async (work) => {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
};

const queue = [...runs];
const loop = async () => {
  for (let run = queue.shift(); run; run = queue.shift()) await wait({ run });
};
// Side by side: both see the same machine.
const [bare, pool] = await Promise.all([
  timed(() => Promise.all(Array.from({ length: workers }, loop))),
  timed(async () => {
    const task = new URL('./wait.mjs', import.meta.url);
    const outcomes = await runAll({ task, runs, folder, processes: workers });
    if (outcomes.some(({ status }) => status !== 'done')) throw new Error('A run failed.');
  }),
]);
rmSync(folder, { recursive: true });
const line = (name, time) =>
  console.log(`${name.padEnd(10)} ${time.toFixed(2)} s  ${(time / bare).toFixed(3)}`);
console.log(`${count} runs of ${seconds} s, ${workers} at a time`);
line('bare loop', bare);
line('pool', pool);
