import { fashionMnist, split } from '@crossreg/datasets';
import { cifar10, mnist, progressBar } from '@crossreg/datasets/node';
import { tensors } from '@crossreg/experiment-shared/tensors.mjs';
import { NoiseStream, withNoise } from '@crossreg/tfjs';
import { LearnableAugmentation, warp } from '@crossreg/tfjs-augment';
import * as tf from '@tensorflow/tfjs';

/** The law that turns and moves digits: uniform in ± degrees and ± pixels. */
export const law = { rotate: 25, translate: 3 };

/** Options of a layer whose ranges stay at `ranges`. */
export const fixed = (ranges) =>
  Object.fromEntries(Object.entries(ranges).map(([kind, initial]) => [kind, { initial, trainable: false }]));

/** A set under the law: each image is turned and moved once, by its own draw. */
function underLaw({ x, ...rest }, seed, draw) {
  const layer = new LearnableAugmentation(fixed(law));
  const moved = tf.tidy(() => withNoise(new NoiseStream(seed, 100 * draw), () => layer.apply(x)));
  x.dispose();
  return { ...rest, x: moved };
}

/** Turns every other image to the left by `degrees` and the rest to the right. The direction is the class. */
function leaning({ x, y, labels }, degrees) {
  const sides = labels.map((_, i) => i % 2);
  const matrices = Array.from(sides, (side) => {
    const angle = ((side === 0 ? degrees : -degrees) * Math.PI) / 180;
    return [
      [Math.cos(angle), -Math.sin(angle), 0],
      [Math.sin(angle), Math.cos(angle), 0],
    ];
  });
  const turned = tf.tidy(() => warp(x, tf.tensor3d(matrices), { mode: 'constant' }));
  tf.dispose([x, y]);
  const oneHot = tf.tidy(() => tf.oneHot(tf.tensor1d(sides, 'int32'), 10).cast('float32'));
  return { x: turned, y: oneHot, labels: sides };
}

function withClasses({ y, ...rest }, classes) {
  const columns = tf.slice(y, [0, 0], [-1, classes]);
  y.dispose();
  return { ...rest, y: columns };
}

const sizes = { train: 2500, test: 5000 };
const held = 500;
const onProgress = progressBar();

/** The first `count` images of the given classes, which are renumbered from 0. */
function keepClasses({ images, labels, shape, ...rest }, classes, count) {
  const rows = [...labels.keys()].filter((i) => classes.includes(labels[i])).slice(0, count);
  const area = images.length / labels.length;
  const chosen = new Float32Array(rows.length * area);
  rows.forEach((row, i) => {
    chosen.set(images.subarray(row * area, (row + 1) * area), i * area);
  });
  return {
    ...rest,
    images: chosen,
    labels: Uint8Array.from(rows, (row) => classes.indexOf(labels[row])),
    shape: [rows.length, ...shape.slice(1)],
  };
}

const sources = {
  mnist: (seed) => mnist({ ...sizes, seed, onProgress }),
  fashion: (seed) => fashionMnist({ ...sizes, test: 3000, seed }),
  cifar10: (seed) => cifar10({ ...sizes, test: 3000, seed, onProgress }),
  // Turned by 180°, each of these digits becomes the other.
  sixNine: async (seed) => {
    const { train, test } = await mnist({ seed, onProgress });
    return { train: keepClasses(train, [6, 9], sizes.train), test: keepClasses(test, [6, 9], 1500) };
  },
};

/**
 * The images of a seed, as tensors: training (2,000), regularization (500), both together, and test (5,000 digits, 3,000
 * others).
 *
 * @param moved - which of the sets are under the law.
 * @param lean - degrees. The class is then the direction of {@link leaning} instead of the digit.
 * @param classes - how many of the ten classes there are, counted from the first.
 */
export async function prepare({ source, seed, moved = [], classes = 10, lean }) {
  const drawn = await sources[source](seed);
  const [training, regularization] = split(drawn.train, { size: held, stratified: true, seed });
  const plain = { training, regularization, test: drawn.test };
  const sets = Object.fromEntries(
    Object.entries(plain).map(([name, set], i) => {
      const whole = lean ? leaning(tensors(set), lean) : tensors(set);
      const classified = withClasses(whole, classes);
      return [name, moved.includes(name) ? underLaw(classified, seed, i) : classified];
    }),
  );
  const concatenated = (part) => tf.concat([sets.training[part], sets.regularization[part]]);
  const both = { x: concatenated('x'), y: concatenated('y') };
  const part = {
    x: tf.slice(sets.test.x, 0, 1000),
    y: tf.slice(sets.test.y, 0, 1000),
    labels: sets.test.labels.slice(0, 1000),
  };
  return { ...sets, both, part };
}

export const disposeSets = (sets) => tf.dispose(Object.values(sets).map(({ x, y }) => [x, y]));
