import { split } from '@crossreg/datasets';
import { augmentationLayers, injectAugmentation } from '@crossreg/tfjs-augment';
import { crossRegularization, injectNoise, noiseLayers } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import progress from 'cli-progress';
import { network, tensors } from './network.mjs';
import { measure, train } from './train.mjs';

const batchSize = 64;
const learningRate = 1e-3;

/** The images of a seed, as tensors: training (2,000), regularization (500), both together, and test. */
export function prepare({ train: images, test }, seed) {
  const [training, regularization] = split(images, { size: 500, stratified: true, seed });
  const sets = { training, regularization, both: images, test };
  return Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, tensors(set)]));
}

/**
 * Trains and evaluates one network. The following options are all that differs between networks.
 *
 * @param data - the sets of {@link prepare}; `trainOn` names the one to train on.
 * @param noise - whether the layers have learnable noise; `augmentation` are options of `injectAugmentation`. With `learn` the
 *   callback learns σ and the ranges from the regularization images.
 * @returns figures on training and test images, seconds, losses, and for a cross-regularized network σ by layer name, the
 *   ranges by kind, and the callback's history.
 */
export async function run({
  name,
  seed,
  steps,
  data,
  trainOn = 'training',
  noise = false,
  augmentation,
  learn = false,
}) {
  const base = network(seed);
  const noisy = noise ? injectNoise(base) : base;
  const model = augmentation ? injectAugmentation(noisy, augmentation) : noisy;
  const optimizer = tf.train.adam(learningRate);
  model.compile({ optimizer, loss: 'categoricalCrossentropy' });
  const { x, y } = data.regularization;
  const cross = learn ? crossRegularization({ regularizationData: [x, y], seed }) : undefined;
  const bar = new progress.SingleBar({
    format: '{name} [{bar}] {value}/{total} steps, {eta_formatted} left',
    noTTYOutput: true,
    notTTYSchedule: 10_000,
  });
  bar.start(steps, 0, { name: name.padEnd(17) });
  const onStep = () => bar.increment();
  const trained = await train({
    ...{ model, data: data[trainOn], steps, batchSize, learningRate, seed, cross, onStep },
  });
  bar.stop();
  console.log('evaluating on the training and test images');
  const result = {
    name,
    ...trained,
    train: measure(model, data.training),
    test: measure(model, data.test),
    sigma: noiseLayers(model).map((layer) => [layer.name, tf.tidy(() => layer.sigma().dataSync()[0])]),
    ranges: augmentation ? Object.entries(await augmentationLayers(model)[0].values()) : [],
    history: cross?.history,
  };
  cross?.dispose();
  model.dispose();
  optimizer.dispose();
  return result;
}
