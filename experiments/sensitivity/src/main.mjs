// How the defaults of crossRegularization were chosen: the quickstart's network with one option changed at a time,
// on images of Fashion-MNIST that the quickstart never uses. Needs the full data set:
//   apt-get install dataset-fashion-mnist, or the four files from its authors.
import { fashionMnistClasses, take } from '@crossreg/datasets';
import { idxFolder } from '@crossreg/datasets/node';
import { readFlags } from '@crossreg/experiment-shared/flags.mjs';
import { meanOf } from '@crossreg/experiment-shared/meanOf.mjs';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { prepare, run } from './experiment.mjs';

const { seeds, steps, folder } = readFlags({
  usage: 'npm run sensitivity -- [--folder /usr/share/datasets/fashion-mnist] [--seeds 2] [--steps 2400]',
  numbers: { seeds: 2, steps: 2400 },
  texts: { folder: '/usr/share/datasets/fashion-mnist' },
});
const variants = [
  { name: 'plain' },
  { name: 'plain, all images', trainOn: 'both' },
  { name: 'defaults', options: {} },
  { name: "bijector 'softplus'", options: { bijector: 'softplus' } },
  { name: 'initialSigma 0.05', options: { initialSigma: 0.05 } },
  { name: 'initialSigma 0.5', options: { initialSigma: 0.5 } },
  { name: 'initialSigma 2', options: { initialSigma: 2 } },
  { name: 'warmUp 300', options: { warmUp: 300 } },
  { name: 'learningRate 0.01', options: { learningRate: 0.01 } },
  { name: 'learningRate 0.05', options: { learningRate: 0.05 } },
  { name: "estimator 'average'", options: { estimator: 'average' } },
  { name: 'samples 2', options: { samples: 2 } },
  { name: 'samples 8', options: { samples: 8 } },
  { name: 'every 10', options: { every: 10 } },
  { name: 'every 40', options: { every: 40 } },
];

await useWasm();
const { train } = await idxFolder(folder, { classNames: fashionMnistClasses });
/** The quickstart's images come from the first 5,000 of the published training file and from its test file. */
const drawn = (seed) => {
  const from = 10_000 + 10_000 * (seed - 1);
  const indices = (start, count) => Uint32Array.from({ length: count }, (_, i) => start + i);
  return { train: take(train, indices(from, 2500)), test: take(train, indices(from + 2500, 5000)) };
};
const results = variants.map(() => []);
for (let seed = 1; seed <= seeds; seed++) {
  const data = prepare(drawn(seed), seed);
  for (const [i, variant] of variants.entries()) {
    const result = await run({ ...variant, seed, steps, data });
    results[i].push(result);
    const { accuracy, nll, ece } = result.test;
    console.log(
      `seed ${seed}: accuracy ${accuracy.toFixed(3)}, NLL ${nll.toFixed(3)}, ECE ${ece.toFixed(3)}`,
    );
  }
  for (const { x, y } of Object.values(data)) tf.dispose([x, y]);
}
console.log(`\n${seeds} seeds, ${steps} steps, 5,000 test images\n`);
console.log('|  | test acc. | test NLL | test ECE | σ |\n| --- | --- | --- | --- | --- |');
variants.forEach(({ name }, i) => {
  const cell = (pick) => meanOf(results[i].map(pick));
  const sigma = results[i][0].sigma.map((_, layer) =>
    (results[i].reduce((sum, result) => sum + result.sigma[layer][1], 0) / seeds).toFixed(2),
  );
  const cells = [({ test }) => test.accuracy, ({ test }) => test.nll, ({ test }) => test.ece].map(cell);
  console.log(`| ${[name, ...cells, sigma.join(', ') || '–'].join(' | ')} |`);
});
