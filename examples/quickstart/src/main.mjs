// The same network three times on a small part of Fashion-MNIST: plain, plain with the regularization images added to
// its training data, and cross-regularized. `--seeds 3` repeats it and prints mean ± standard error.
import { parseArgs } from 'node:util';
import { fashionMnist, split } from '@crossreg/datasets';
import { crossRegularization, injectNoise, noiseLayers } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { register } from '@crossreg/tfjs-wasm';
import progress from 'cli-progress';
import { network, tensors } from './network.mjs';
import { writeReport } from './report.mjs';
import { measure, train } from './train.mjs';

const usage = 'npm start -- [--seeds 3] [--steps 600]';
const flags = readFlags();
if (flags.help) {
  console.log(usage);
  process.exit(0);
}
const [seeds, steps] = [Number(flags.seeds), Number(flags.steps)];
if (!(Number.isInteger(seeds) && seeds > 0 && Number.isInteger(steps) && steps > 0)) {
  console.error('--seeds and --steps take whole numbers above 0.');
  process.exit(2);
}

await tf.setBackend('wasm');
await tf.ready();
register();

const batchSize = 64;
const runs = [];
for (let seed = 1; seed <= seeds; seed++) {
  const { train: images, test: testImages } = await fashionMnist({ train: 2500, test: 5000, seed });
  const [trainImages, regularizationImages] = split(images, { size: 500, stratified: true, seed });
  const [training, regularization, both, test] = [trainImages, regularizationImages, images, testImages].map(
    tensors,
  );
  const cross = crossRegularization({ regularizationData: [regularization.x, regularization.y], seed });
  const contenders = [
    { name: 'plain', data: training, make: (model) => model },
    { name: 'plain, all images', data: both, make: (model) => model },
    { name: 'cross-regularized', data: training, make: (model) => injectNoise(model), cross },
  ];

  const bar = new progress.SingleBar({
    format: '{name} [{bar}] {value}/{total} steps, {eta_formatted} left',
    noTTYOutput: true,
    notTTYSchedule: 10_000,
  });
  const results = [];
  let sigma;
  for (const { name, data, make, cross: callback } of contenders) {
    const base = network(seed);
    const model = make(base);
    const optimizer = tf.train.adam(1e-3);
    model.compile({ optimizer, loss: 'categoricalCrossentropy' });
    bar.start(steps, 0, { name: name.padEnd(17) });
    const onStep = () => bar.increment();
    const seconds = await train({ model, data, steps, batchSize, seed, cross: callback, onStep });
    bar.stop();
    results.push({ name, ...seconds, train: measure(model, training), test: measure(model, test) });
    sigma = noiseLayers(model).map((layer) => [layer.name, tf.tidy(() => layer.sigma().dataSync()[0])]);
    if (model !== base) model.dispose();
    base.dispose();
    optimizer.dispose();
  }
  runs.push({ results, sigma, history: cross.history, labels: test.labels });
  cross.dispose();
  for (const { x, y } of [training, regularization, both, test]) tf.dispose([x, y]);
}

function readFlags() {
  try {
    return parseArgs({
      options: {
        seeds: { type: 'string', default: '1' },
        steps: { type: 'string', default: '600' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}

const column = (pick) => (index) => {
  const numbers = runs.map(({ results }) => pick(results[index]));
  const mean = numbers.reduce((a, b) => a + b) / numbers.length;
  if (numbers.length === 1) return mean.toFixed(3);
  const variance = numbers.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (numbers.length - 1);
  return `${mean.toFixed(3)} ± ${Math.sqrt(variance / numbers.length).toFixed(3)}`;
};
const columns = {
  'train acc.': column(({ train }) => train.accuracy),
  'test acc.': column(({ test }) => test.accuracy),
  'test NLL': column(({ test }) => test.nll),
  'test ECE': column(({ test }) => test.ece),
  seconds: column(({ thetaSeconds, rhoSeconds }) => thetaSeconds + rhoSeconds),
  'ρ share': column(({ thetaSeconds, rhoSeconds }) => rhoSeconds / (thetaSeconds + rhoSeconds)),
};
console.log(`\nFashion-MNIST, 2,000 training + 500 regularization images, 5,000 test images, ${steps} steps`);
console.table(
  Object.fromEntries(
    runs[0].results.map(({ name }, i) => [
      name,
      Object.fromEntries(Object.entries(columns).map(([title, cell]) => [title, cell(i)])),
    ]),
  ),
);
console.log('σ of every layer, relative to its input:');
for (const { sigma } of runs)
  console.log(`  ${sigma.map(([name, s]) => `${name} ${s.toFixed(3)}`).join('   ')}`);
console.log(`\nPictures: ${writeReport(runs.at(-1))}`);
