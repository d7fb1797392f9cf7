// Does learned augmentation find the law that the world augments by? MNIST digits: the training images stand upright, the
// regularization and the test images are turned by up to ±25° and moved by up to ±3 pixels. A network with learned
// ranges (translation, rotation, shear) against the same network without, on the training images and on all.
import { split } from '@crossreg/datasets';
import { mnist, progressBar } from '@crossreg/datasets/node';
import { saveFigure } from '@crossreg/example-figures';
import { meanOf } from '@crossreg/example-quickstart/experiment.mjs';
import { readFlags } from '@crossreg/example-quickstart/flags.mjs';
import { network, tensors } from '@crossreg/example-quickstart/network.mjs';
import { measure, train } from '@crossreg/example-quickstart/train.mjs';
import { NoiseStream, withNoise } from '@crossreg/tfjs';
import { augmentationLayers, injectAugmentation, LearnableAugmentation } from '@crossreg/tfjs-augment';
import { crossRegularization } from '@crossreg/tfjs-layers';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import progress from 'cli-progress';
import { writeContactSheet } from './contactSheet.mjs';

const { seeds, steps } = readFlags({
  usage: 'npm run augmentation -- [--seeds 3] [--steps 3000]',
  numbers: { seeds: 1, steps: 3000 },
});
const law = { rotate: 25, translate: 3 };
const fixed = Object.fromEntries(
  Object.entries(law).map(([kind, initial]) => [kind, { initial, learn: false }]),
);
const out = new URL('../out/', import.meta.url);
const batchSize = 64;

await useWasm();
const contenders = [
  { name: 'plain' },
  { name: 'plain, all images', all: true },
  { name: 'learned augmentation', ranges: { translate: 1, rotate: 5, shear: 5 } },
];
const runs = [];
for (let seed = 1; seed <= seeds; seed++) {
  const drawn = await mnist({ train: 2500, test: 5000, seed, onProgress: progressBar() });
  const [upright, held] = split(drawn.train, { size: 500, stratified: true, seed });
  const world = new LearnableAugmentation(fixed);
  const underLaw = (set, draw) => {
    const { x, ...rest } = tensors(set);
    const moved = tf.tidy(() =>
      withNoise(new NoiseStream(seed, 100 * draw), () => world.apply(x, { training: true })),
    );
    x.dispose();
    return { x: moved, ...rest };
  };
  const [training, regularization, test] = [tensors(upright), underLaw(held, 1), underLaw(drawn.test, 2)];
  const both = {
    x: tf.concat([training.x, regularization.x]),
    y: tf.concat([training.y, regularization.y]),
  };
  const results = [];
  for (const { name, all, ranges } of contenders) {
    const base = network(seed);
    const model = ranges ? injectAugmentation(base, ranges) : base;
    model.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy' });
    const cross =
      ranges &&
      crossRegularization({
        regularizationData: [regularization.x, regularization.y],
        seed,
        every: 10,
        learningRate: 0.05,
      });
    const bar = new progress.SingleBar({
      format: '{name} [{bar}] {value}/{total} steps, {eta_formatted} left',
      noTTYOutput: true,
      notTTYSchedule: 10_000,
    });
    bar.start(steps, 0, { name: name.padEnd(20) });
    const data = all ? both : training;
    const onStep = () => bar.increment();
    await train({ model, data, steps, batchSize, seed, cross, onStep });
    bar.stop();
    const [layer] = ranges ? augmentationLayers(model) : [];
    results.push({
      name,
      train: measure(model, training),
      test: measure(model, test),
      ranges: await layer?.values(),
      history: cross?.history,
    });
    if (layer && seed === seeds) writeContactSheet(new URL('contact-sheet.png', out), layer, training.x);
    cross?.dispose();
  }
  runs.push(results);
  for (const { x, y } of [training, regularization, test, both]) tf.dispose([x, y]);
}

const columns = {
  'train acc.': ({ train }) => train.accuracy,
  'test acc.': ({ test }) => test.accuracy,
  'test NLL': ({ test }) => test.nll,
  'gap, NLL': ({ train, test }) => test.nll - train.nll,
};
console.log(
  `\nMNIST, 2,000 upright training images, 500 regularization and 5,000 test images under the law, ${steps} steps`,
);
const row = (i) =>
  Object.fromEntries(
    Object.entries(columns).map(([title, pick]) => [title, meanOf(runs.map((results) => pick(results[i])))]),
  );
console.table(Object.fromEntries(contenders.map(({ name }, i) => [name, row(i)])));
const learned = runs.map((results) => results.at(-1));
console.log('learned ranges, by seed (the law: translate 3 pixels, rotate 25°, no shear):');
for (const kind of ['translate', 'rotate', 'shear']) {
  console.log(`  ${kind.padEnd(10)}${learned.map(({ ranges }) => ranges[kind].toFixed(2)).join('   ')}`);
}
const { history } = learned.at(-1);
const paths = Object.entries(history.rho).map(([name, { value }]) => ({ name, x: history.step, y: value }));
saveFigure(out, 'ranges', [
  { title: 'Learned ranges', x: 'training step', y: 'pixels, degrees', yLog: true, series: paths },
  {
    title: 'Regularization loss',
    x: 'training step',
    y: 'NLL',
    series: [{ x: history.step, y: history.loss }],
  },
]);
