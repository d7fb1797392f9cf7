// The same network three times on a small part of Fashion-MNIST: plain, plain with the regularization images added to
// its training data, and cross-regularized. `--seeds 3` repeats it and prints mean ± standard error.
import { parseArgs } from 'node:util';
import { fashionMnist } from '@crossreg/datasets';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { prepare, run } from './experiment.mjs';
import { writeReport } from './report.mjs';

const { values: flags } = parseArgs({
  options: { seeds: { type: 'string', default: '1' }, steps: { type: 'string', default: '2400' } },
});
const [seeds, steps] = [Number(flags.seeds), Number(flags.steps)];
if (![seeds, steps].every((count) => Number.isInteger(count) && count > 0)) {
  console.error('usage: npm start -- [--seeds 3] [--steps 2400]');
  process.exit(2);
}
const trainings = [
  { name: 'plain' },
  { name: 'plain, all images', trainOn: 'both' },
  { name: 'cross-regularized', options: {} },
];

const { threads } = await useWasm();
console.log(`TensorFlow.js on WebAssembly, ${threads} threads`);
const runs = [];
for (let seed = 1; seed <= seeds; seed++) {
  const data = prepare(await fashionMnist({ train: 2500, test: 5000, seed }), seed);
  const results = [];
  for (const training of trainings) results.push(await run({ ...training, seed, steps, data }));
  runs.push({ results, labels: data.test.labels });
  for (const { x, y } of Object.values(data)) tf.dispose([x, y]);
}

/** A mean, with its standard error where there are several numbers. */
function meanOf(numbers) {
  const mean = numbers.reduce((a, b) => a + b) / numbers.length;
  if (numbers.length === 1) return mean.toFixed(3);
  const variance = numbers.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (numbers.length - 1);
  return `${mean.toFixed(3)} ± ${Math.sqrt(variance / numbers.length).toFixed(3)}`;
}
const columns = {
  'train acc.': ({ train }) => train.accuracy,
  'test acc.': ({ test }) => test.accuracy,
  'test NLL': ({ test }) => test.nll,
  'test ECE': ({ test }) => test.ece,
  seconds: ({ thetaSeconds, rhoSeconds }) => thetaSeconds + rhoSeconds,
  'ρ share': ({ thetaSeconds, rhoSeconds }) => rhoSeconds / (thetaSeconds + rhoSeconds),
};
console.log(`\nFashion-MNIST, 2,000 training + 500 regularization images, 5,000 test images, ${steps} steps`);
const row = (index) =>
  Object.entries(columns).map(([title, pick]) => [
    title,
    meanOf(runs.map(({ results }) => pick(results[index]))),
  ]);
console.table(Object.fromEntries(trainings.map(({ name }, i) => [name, Object.fromEntries(row(i))])));
console.log('σ of every layer, relative to its input:');
for (const { results } of runs)
  console.log(
    `  ${results
      .at(-1)
      .sigma.map(([name, sigma]) => `${name} ${sigma.toFixed(3)}`)
      .join('   ')}`,
  );
console.log(`\nPictures: ${writeReport(runs.at(-1))}`);
