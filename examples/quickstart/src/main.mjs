// Trains the same network three times on a small part of Fashion-MNIST: plain, plain with the regularization images added to
// its training data, and cross-regularized, with learned noise and augmentation.
import { parseArgs } from 'node:util';
import { fashionMnist } from '@crossreg/datasets';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { prepare, run } from './experiment.mjs';
import { writeReport } from './report.mjs';
import { headline, saveResults, table } from './summary.mjs';

const usage = `usage: npm start -- [--seeds 3] [--from 1] [--steps 2400] [--parts] [--save results.json]
  --seeds  repeat with this many seeds, beginning with --from, and print mean ± standard error
  --parts  also train with learned noise only, and with fixed augmentation
  --save   write the figures of every seed to a file`;
const refuse = (message) => {
  console.error(`${message}\n${usage}`);
  process.exit(2);
};
function readFlags() {
  try {
    return parseArgs({
      options: {
        seeds: { type: 'string', default: '1' },
        from: { type: 'string', default: '1' },
        steps: { type: 'string', default: '2400' },
        parts: { type: 'boolean', default: false },
        save: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch ({ message }) {
    return refuse(message);
  }
}
const count = (text) =>
  /^[1-9]\d*$/.test(text) ? Number(text) : refuse(`${text} is not a whole number above 0.`);
const flags = readFlags();
if (flags.help) {
  console.log(usage);
  process.exit(0);
}
const [seeds, from, steps] = [flags.seeds, flags.from, flags.steps].map(count);

/** Initial ranges of the learned augmentation: pixels, degrees, and a factor of 1 ± 0.1. */
const augmentation = { translate: 2, rotate: 10, scale: 0.1 };
const held = Object.fromEntries(
  Object.entries(augmentation).map(([kind, initial]) => [kind, { initial, trainable: false }]),
);
const parts = [
  { name: 'learned noise only', noise: true, learn: true },
  { name: 'fixed augmentation', augmentation: held },
];
const trainings = [
  { name: 'plain' },
  { name: 'plain, all images', trainOn: 'both' },
  ...(flags.parts ? parts : []),
  { name: 'cross-regularized', noise: true, augmentation, learn: true },
];

const { threads } = await useWasm();
console.log(`TensorFlow.js on WebAssembly, ${threads} threads`);
const runs = [];
for (let seed = from; seed < from + seeds; seed++) {
  const data = prepare(await fashionMnist({ train: 2500, test: 5000, seed }), seed);
  const results = [];
  for (const training of trainings) results.push(await run({ ...training, seed, steps, data }));
  runs.push({ seed, results, labels: data.test.labels });
  for (const { x, y } of Object.values(data)) tf.dispose([x, y]);
  if (flags.save) saveResults(flags.save, runs, { steps });
}

console.log(`\nFashion-MNIST, 2,000 training + 500 regularization images, 5,000 test images, ${steps} steps`);
console.table(table(runs));
const last = runs.at(-1);
const { sigma, ranges } = last.results.at(-1);
const list = (pairs) => pairs.map(([name, value]) => `${name} ${value.toFixed(2)}`).join(', ');
console.log(`σ, relative to the input of each layer: ${list(sigma)}`);
console.log(`Augmentation, started from ${list(Object.entries(augmentation))}, learned: ${list(ranges)}`);
console.log(`\n${headline(runs)}\n\nPictures: ${await writeReport(last, headline([last]))}`);
