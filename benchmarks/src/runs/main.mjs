// The time that @crossreg/runs adds to a bare loop, with two runs at a time: the table of docs/from-one-run-to-a-cluster.md.
// Medians of several rounds, including Redis if there is a redis-server.
//   node main.mjs [--runs 20] [--seconds 5] [--rounds 5] [--write]     (--write puts the table into the guide)
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runAll, startWorker } from '@crossreg/runs';
import { noRedis, redisVersion } from '../../../scripts/findRedis.mjs';
import { RedisServer } from '../../../scripts/redisServer.mjs';
import wait from './wait.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
  },
});
const [count, seconds, rounds] = [values.runs, values.seconds, values.rounds].map(Number);
const workers = 2;
const task = new URL('./wait.mjs', import.meta.url);
const timed = async (work) => {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
};
const allDone = (outcomes) => {
  if (outcomes.some(({ status }) => status !== 'completed')) throw new Error('A run failed.');
};
const redis = redisVersion && (await RedisServer.start());
if (!redis) console.log(`\n!!! BULLMQ IS NOT MEASURED: ${noRedis.toUpperCase()} !!!\n`);

/** One round. All ways run in the same round, so that the state of the machine is the same. */
async function round() {
  const runs = Array.from({ length: count }, (_, i) => ({ key: `run-${i}`, seconds }));
  const folder = mkdtempSync(join(tmpdir(), 'runs-'));
  const queue = [...runs];
  const loop = async () => {
    for (let run = queue.shift(); run; run = queue.shift()) await wait({ run });
  };
  /** Two workers, each with its own connection, as on two machines. */
  const started = await Promise.all(
    Array.from({ length: redis ? workers : 0 }, () =>
      startWorker({ connection: redis.url, task, concurrency: 1 }),
    ),
  );
  const times = await Promise.all([
    timed(() => Promise.all(Array.from({ length: workers }, loop))),
    timed(async () => allDone(await runAll({ task, runs, storage: folder, concurrency: workers }))),
    redis && timed(async () => allDone(await runAll({ task, runs, connection: redis.url, force: true }))),
  ]);
  for (const worker of started) await worker.close();
  rmSync(folder, { recursive: true });
  return times;
}

const all = [];
for (let i = 0; i < rounds; i++) {
  all.push(await round());
  console.log(
    `round ${i + 1}: ${all[i]
      .filter(Boolean)
      .map((time) => `${time.toFixed(2)} s`)
      .join(', ')}`,
  );
}
await redis?.stop();

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const names = ['a bare loop', 'processes here', 'BullMQ, two workers on one machine'];
const rows = names.flatMap((name, i) => {
  if (all[0][i] === undefined) return [];
  const ratios = all.map((times) => times[i] / times[0]);
  const range = i === 0 ? '' : `${Math.min(...ratios).toFixed(3)}–${Math.max(...ratios).toFixed(3)}`;
  return [[name, median(all.map((times) => times[i])).toFixed(1), median(ratios).toFixed(3), range]];
});
const cells = [['who does the runs', 'time, s', 'ratio', 'range'], ...rows];
const widths = cells[0].map((_, i) => Math.max(3, ...cells.map((row) => row[i].length)));
const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
const [head, ...body] = cells.map(line);
const table = [head, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n');
console.log(`\n${count} runs of ${seconds} s, two at a time; medians of ${rounds} rounds\n\n${table}`);
if (values.write) {
  const guide = new URL('../../../docs/from-one-run-to-a-cluster.md', import.meta.url);
  const between = /(<!-- table: [^>]*-->\n\n)[\s\S]*?(\n\n<!-- end of table -->)/;
  writeFileSync(
    guide,
    readFileSync(guide, 'utf8').replace(between, (_, before, after) => before + table + after),
  );
}
