// What @crossreg/runs adds to a bare loop: node main.mjs [runs] [seconds each], two at a time. Over Redis where there is a
// redis-server.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAll, startWorker } from '@crossreg/runs';
import { startRedis } from './startRedis.mjs';
import wait from './wait.mjs';

const [count, seconds] = [Number(process.argv[2] ?? 20), Number(process.argv[3] ?? 5)];
const workers = 2;
const task = new URL('./wait.mjs', import.meta.url);
const runs = Array.from({ length: count }, (_, i) => ({ key: `run-${i}`, seconds }));
const folder = mkdtempSync(join(tmpdir(), 'runs-'));
const timed = async (work) => {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
};
const allDone = (outcomes) => {
  if (outcomes.some(({ status }) => status !== 'done')) throw new Error('A run failed.');
};

const queue = [...runs];
const loop = async () => {
  for (let run = queue.shift(); run; run = queue.shift()) await wait({ run });
};
const redis = await startRedis();
/** Two workers, each with its own connection, as on two machines. */
const started = redis
  ? await Promise.all(
      Array.from({ length: workers }, () => startWorker({ connection: redis.url, task, processes: 1 })),
    )
  : [];
// Side by side: all see the same machine.
const [bare, pool, bullmq] = await Promise.all([
  timed(() => Promise.all(Array.from({ length: workers }, loop))),
  timed(async () => allDone(await runAll({ task, runs, state: folder, processes: workers }))),
  redis && timed(async () => allDone(await runAll({ task, runs, connection: redis.url }))),
]);
for (const worker of started) await worker.close();
await redis?.stop();
rmSync(folder, { recursive: true });
const line = (name, time) =>
  console.log(`${name.padEnd(10)} ${time.toFixed(2)} s  ${(time / bare).toFixed(3)}`);
console.log(`${count} runs of ${seconds} s, ${workers} at a time`);
line('bare loop', bare);
line('pool', pool);
if (bullmq) line('BullMQ', bullmq);
else console.log('BullMQ     NOT MEASURED: no redis-server was found (Debian: apt-get install redis-server)');
