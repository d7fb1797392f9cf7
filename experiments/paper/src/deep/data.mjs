import { fashionMnist, split } from '@crossreg/datasets';
import { cifar10 } from '@crossreg/datasets/node';
import * as tf from '@tensorflow/tfjs';

const loaders = { cifar10, fashionMnist };
const loaded = {};
/** All images of a set, read once per process. */
async function load(name) {
  loaded[name] ??= await loaders[name]({ pixels: 'byte' });
  return loaded[name];
}

/** `size` of the images, with the classes in proportion. */
const subset = (set, size, seed) =>
  size === set.labels.length ? set : split(set, { size, stratified: true, seed })[1];

/**
 * The images of a run: `regularization` is held out of all images that a model may learn from. `training` is the rest, or all
 * of them for a run that trains on `both`. `test` is for reporting only. The same seed gives the same images to every method.
 *
 * @param sizes - of a profile: `data`, the name of the set; `images`, their number; `held`, how many of them are held out;
 *   `test`, the number of test images.
 */
export async function prepare({ data, images, held, test: testImages }, { seed, trainOn }) {
  const { train, test } = await load(data);
  const both = subset(train, images, seed);
  const [rest, regularization] = split(both, { size: held, stratified: true, seed });
  return {
    training: tensors(trainOn === 'both' ? both : rest),
    regularization: tensors(regularization),
    test: tensors(subset(test, testImages, seed)),
  };
}

/** Pixels of mean about 0 and variance about 1; one-hot labels. */
const tensors = ({ images, labels, shape }) =>
  tf.tidy(() => ({
    x: tf.keep(tf.div(tf.sub(tf.tensor(Float32Array.from(images), shape), 127.5), 63.75)),
    y: tf.keep(tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 10), 'float32')),
    labels,
  }));

/** The first examples of a set, in the order of the set. */
export const take = ({ x, y, labels }, count) => ({
  x: tf.slice(x, 0, count),
  y: tf.slice(y, 0, count),
  labels: labels.slice(0, count),
});
