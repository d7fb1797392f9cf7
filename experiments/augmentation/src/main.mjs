// Runs experiments on learned augmentation and writes each result to results/NAME.json as soon as it is computed. Results that
// a file already contains are not computed again. To repeat one, delete it, or the file.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { useWasm } from '@crossreg/tfjs-wasm';
import { disposeSets, prepare } from './data.mjs';
import { experiments } from './experiments.mjs';
import { trainAndEvaluate } from './trainAndEvaluate.mjs';

const usage = `npm run augmentation -- [--seeds 1] [--threads 1] [${Object.keys(experiments).join(' | ')}] …`;
const { values: flags, positionals: names } = parseArgs({
  options: { seeds: { type: 'string' }, threads: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
});
const unknown = names.find((name) => !experiments[name]);
if (flags.help || unknown !== undefined) {
  console.log(unknown === undefined ? usage : `There is no experiment ${unknown}.\n${usage}`);
  process.exit(unknown === undefined ? 0 : 2);
}

await useWasm({ threads: Number(flags.threads) || undefined });
for (const name of names.length > 0 ? names : Object.keys(experiments)) await runExperiment(name);

async function runExperiment(name) {
  const { data: source, seeds, steps, methods } = experiments[name];
  const file = fileURLToPath(new URL(`../results/${name}.json`, import.meta.url));
  const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  const done = (method, seed) => results.some((one) => one.method === method && one.seed === seed);
  for (const seed of seeds.slice(0, Number(flags.seeds) || undefined)) {
    const missing = Object.keys(methods).filter((method) => !done(method, seed));
    if (missing.length === 0) continue;
    const data = await prepare({ ...source, seed });
    for (const method of missing) {
      const result = await trainAndEvaluate(data, { name: method, seed, steps, ...methods[method] });
      results.push({ method, seed, steps, ...result });
      writeFileSync(`${file}.part`, `[\n${results.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);
      renameSync(`${file}.part`, file);
      const { test, ranges } = result;
      console.log(`${name}: ${method}, seed ${seed}`, JSON.stringify({ test, ranges }));
    }
    disposeSets(data);
  }
}
