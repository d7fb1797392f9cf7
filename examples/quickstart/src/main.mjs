// The same network three times on a small part of Fashion-MNIST: plain, plain with the regularization images added to
// its training data, and cross-regularized. `--seeds 3` repeats it and prints mean ± standard error.
import { fashionMnist } from '@crossreg/datasets';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { prepare, run } from './experiment.mjs';
import { readFlags } from './flags.mjs';
import { meanOf } from './meanOf.mjs';
import { writeReport } from './report.mjs';

const { seeds, steps } = readFlags({
  usage: 'npm start -- [--seeds 3] [--steps 2400]',
  numbers: { seeds: 1, steps: 2400 },
});
const contenders = [
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
  for (const contender of contenders) results.push(await run({ ...contender, seed, steps, data }));
  runs.push({ results, labels: data.test.labels });
  for (const { x, y } of Object.values(data)) tf.dispose([x, y]);
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
console.table(Object.fromEntries(contenders.map(({ name }, i) => [name, Object.fromEntries(row(i))])));
console.log('σ of every layer, relative to its input:');
for (const { results } of runs)
  console.log(
    `  ${results
      .at(-1)
      .sigma.map(([name, sigma]) => `${name} ${sigma.toFixed(3)}`)
      .join('   ')}`,
  );
console.log(`\nPictures: ${writeReport(runs.at(-1))}`);
