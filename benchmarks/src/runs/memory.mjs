// The memory that the process which calls runAll uses during many tiny runs, besides their results:
//   node --expose-gc memory.mjs [runs] [redis]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAll, startWorker } from '@crossreg/runs';
import { noRedis, redisVersion } from '../../../scripts/findRedis.mjs';
import { RedisServer } from '../../../scripts/redisServer.mjs';

const count = Number(process.argv[2] ?? 10_000);
const overRedis = process.argv[3] === 'redis';
if (overRedis && !redisVersion) throw new Error(noRedis);
const over = overRedis ? await RedisServer.start() : undefined;
const task = new URL('./tiny.mjs', import.meta.url);
const megabytes = () => {
  globalThis.gc();
  return process.memoryUsage().heapUsed / 1e6;
};

const folder = mkdtempSync(join(tmpdir(), 'runs-'));
// Once beforehand, so that all modules are loaded.
const some = (from, n) => Array.from({ length: n }, (_, i) => ({ key: `run-${from + i}` }));
const where = over ? { connection: over.url } : { storage: folder, concurrency: 2 };
const worker = over && (await startWorker({ connection: over.url, task, concurrency: 2 }));
await runAll({ task, runs: some(-100, 100), progress: false, ...where });

const before = megabytes();
let most = before;
const runs = some(0, count);
const timer = setInterval(() => {
  most = Math.max(most, megabytes());
}, 1000);
const began = performance.now();
const outcomes = await runAll({ task, runs, progress: false, ...where });
const seconds = (performance.now() - began) / 1000;
clearInterval(timer);
most = Math.max(most, megabytes());
if (!outcomes.every(({ status, result }, i) => status === 'completed' && result === runs[i].key))
  throw new Error('A run failed.');
const whole = megabytes() - before;
// A copy of all runs and outcomes of the caller.
const copy = structuredClone(outcomes);
const results = megabytes() - before - whole;
await worker?.close();
await over?.stop();
rmSync(folder, { recursive: true });
const line = (what, value) => console.log(`${what.padEnd(32)} ${value.toFixed(1)} MB`);
console.log(`${copy.length} tiny runs ${over ? 'over Redis' : 'in the pool'}, ${seconds.toFixed(0)} s`);
line('runs and outcomes alone', results);
line('held in the end, with them', whole);
line('most while it ran, with them', most - before);
line('most beyond them', most - before - results);
