import { fashionMnist, split } from '@crossreg/datasets';
import { cifar10 } from '@crossreg/datasets/node';
import * as tf from '@tensorflow/tfjs';

const load = { cifar10, fashionMnist };

/**
 * The images of a run: of `both` (all that a model may learn from), `regularization` are held out and the rest is
 * `training`; `test` is for reporting only. The same seed gives the same images to every contender.
 *
 * @param sizes - `{ data, images, held, test }` of a profile: which set, how many images in all, how many of them held out.
 */
export async function prepare({ data, images, held, test: testImages }, seed) {
  const { train: both, test } = await load[data]({ train: images, test: testImages, seed });
  const [training, regularization] = split(both, { size: held, stratified: true, seed });
  return Object.fromEntries(
    Object.entries({ training, regularization, both, test }).map(([name, set]) => [name, tensors(set)]),
  );
}

/** Pixels of mean about 0 and variance about 1; one-hot labels. */
const tensors = ({ images, labels, shape }) =>
  tf.tidy(() => ({
    x: tf.keep(tf.div(tf.sub(tf.tensor(images, shape), 0.5), 0.25)),
    y: tf.keep(tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 10), 'float32')),
    labels,
  }));

/** The first examples of a set, in the order of the set. */
export const firstOf = ({ x, y, labels }, count) => ({
  x: tf.slice(x, 0, count),
  y: tf.slice(y, 0, count),
  labels: labels.slice(0, count),
});
