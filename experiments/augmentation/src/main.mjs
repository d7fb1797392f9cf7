// Runs experiments on learned augmentation and writes each result to results/NAME.json as soon as it is computed. Results that
// a file already contains are not computed again. To repeat one, delete it, or the file.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readFlags } from '@crossreg/experiment-shared/flags.mjs';
import { useWasm } from '@crossreg/tfjs-wasm';
import { disposeSets, prepare } from './data.mjs';
import { experiments } from './experiments.mjs';
import { trainAndEvaluate } from './trainAndEvaluate.mjs';

const all = Object.keys(experiments);
const flags = readFlags({
  usage: `npm run augmentation -- [--seeds 1] [--threads 1] [${all.join(' | ')}] …`,
  numbers: { seeds: undefined, threads: undefined },
  names: all,
});

await useWasm({ threads: flags.threads });
for (const name of flags.names.length > 0 ? flags.names : all) await runExperiment(name);

async function runExperiment(name) {
  const { data: source, seeds, steps, methods } = experiments[name];
  const file = fileURLToPath(new URL(`../results/${name}.json`, import.meta.url));
  const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  const done = (method, seed) => results.some((one) => one.method === method && one.seed === seed);
  for (const seed of seeds.slice(0, flags.seeds)) {
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
