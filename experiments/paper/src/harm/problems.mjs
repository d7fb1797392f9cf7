import { readFile } from 'node:fs/promises';
import { deriveSeed, float64, permutation, uniform } from '@crossreg/core';
import { diabetes, digits, fashionMnist, split } from '@crossreg/datasets';
import { smallConvNet } from '@crossreg/experiment-shared/smallConvNet.mjs';
import * as tf from '@tensorflow/tfjs';
import { mailParts, WORDS } from './mail.mjs';

/** The streams of a seed, see `deriveSeed`. Results depend on these numbers, so none changes. */
const streams = { parts: 1, uniform: 2, normal: 3 };

/** Dense layers with seeded weights. */
const dense =
  (inputs, hidden, outputs, activation = 'relu', last = 'softmax') =>
  (seed) => {
    const init = (i) => tf.initializers.glorotUniform({ seed: seed * 1000 + i });
    return tf.sequential({
      layers: [
        ...hidden.map((units, i) =>
          tf.layers.dense({
            units,
            activation,
            kernelInitializer: init(i),
            ...(i === 0 ? { inputShape: [inputs] } : {}),
          }),
        ),
        tf.layers.dense({ units: outputs, activation: last, kernelInitializer: init(hidden.length) }),
      ],
    });
  };

/** Rows and labels of one of scikit-learn's tables, in which the class is the last column. */
async function table(name) {
  const text = await readFile(new URL(`../../data/${name}.csv`, import.meta.url), 'utf8');
  const rows = text
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(',').map(Number));
  return { rows: rows.map((row) => row.slice(0, -1)), targets: rows.map((row) => row.at(-1)) };
}

/** Standardizes columns to mean 0 and variance 1 over the rows that a model may learn from. */
function standardize(rows, known) {
  const columns = rows[0].map((_, c) => {
    const values = known.map((i) => rows[i][c]);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    return { mean, deviation: Math.sqrt(variance) || 1 };
  });
  return rows.map((row) => row.map((v, c) => (v - columns[c].mean) / columns[c].deviation));
}

/**
 * Three disjoint parts of a table as tensors, drawn at random by the seed.
 *
 * @param sizes - examples to train on, to hold out, and to test on.
 * @param classes - the number of classes; 0 for numeric targets, which are standardized too.
 * @param stratified - whether the classes have the same shares of the training and the held-out examples.
 */
function parts({ rows, targets }, [training, held, test], classes, seed, stratified = false) {
  const order = [...permutation(rows.length, deriveSeed(seed, streams.parts))];
  if (stratified) {
    const index = Float64Array.from(order.slice(0, training + held));
    const labels = index.map((i) => targets[i]);
    const both = split({ shape: [training + held], index, labels }, { size: held, stratified, seed });
    order.splice(0, training + held, ...both.flatMap((part) => [...part.index]));
  }
  const known = order.slice(0, training + held);
  const x = standardize(rows, known);
  const y =
    classes > 0
      ? targets
      : standardize(
          targets.map((t) => [t]),
          known,
        ).flat();
  const part = (from, count) => {
    const indices = order.slice(from, from + count);
    const labels = indices.map((i) => y[i]);
    return {
      x: tf.tensor2d(indices.map((i) => x[i])),
      y:
        classes > 0
          ? tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), classes), 'float32')
          : tf.tensor2d(labels, [labels.length, 1]),
    };
  };
  return { training: part(0, training), held: part(training, held), test: part(training + held, test) };
}

/** Numbers in (0, 1) and standard normal ones, by seed. */
function source(seed) {
  const next = uniform(deriveSeed(seed, streams.uniform));
  const normal = float64.normal([200_000], deriveSeed(seed, streams.normal)).data;
  let count = 0;
  return { uniform: next, normal: () => normal[count++] };
}
const rowsOf = (count, f) => {
  const all = Array.from({ length: count }, f);
  return { rows: all.map(([row]) => row), targets: all.map(([, target]) => target) };
};

function matrix({ images, labels, shape }) {
  const size = images.length / shape[0];
  return {
    rows: Array.from(labels, (_, i) => Array.from(images.subarray(i * size, (i + 1) * size))),
    targets: Array.from(labels),
  };
}

async function diabetesParts(seed) {
  const { features, targets } = await diabetes();
  const rows = Array.from(targets, (_, i) => Array.from(features.subarray(i * 10, (i + 1) * 10)));
  return parts({ rows, targets: Array.from(targets) }, [212, 53, 177], 0, seed);
}

/**
 * Two classes in the plane, of which one is rare: the points that `isRare` chooses.
 *
 * @param stratified - whether both classes have the same shares of the training and the held-out examples.
 */
const rare = (description, isRare, stratified = false) => ({
  description,
  data(seed) {
    const { uniform: u } = source(seed);
    const drawn = rowsOf(5000, () => {
      const [a, b] = [2 * u() - 1, 2 * u() - 1];
      return [[a, b], isRare(a, b) ? 1 : 0];
    });
    return parts(drawn, [800, 200, 4000], 2, seed, stratified);
  },
  model: dense(2, [50, 50], 2),
  rate: 3e-3,
  epochs: 60,
});

const inDisk = (a, b) => Math.hypot(a - 0.3, b + 0.2) < 0.3;
const onRing = (a, b) => Math.abs(Math.hypot(a, b) - 0.625) < 0.025;

const onDiabetes = { model: dense(10, [64, 64], 1, 'relu', 'linear'), rate: 2e-3, epochs: 100 };

/** The same parts with a constant added to the targets. */
const shifted = (data, by) =>
  Object.fromEntries(
    Object.entries(data).map(([name, { x, y }]) => {
      const moved = tf.add(y, by);
      y.dispose();
      return [name, { x, y: moved }];
    }),
  );

async function clothes(seed) {
  const { train, test } = await fashionMnist({ train: 500, test: 2000, seed });
  const [training, held] = split(train, { size: 100, stratified: true, seed });
  const tensors = ({ images, labels, shape }) => ({
    x: tf.tensor(Float32Array.from(images), shape),
    y: tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), 10), 'float32'),
  });
  return { training: tensors(training), held: tensors(held), test: tensors(test) };
}

/**
 * Small problems, most of them like those of tutorials. For each: a description, `data(seed)`, `model(seed)`, batch size, θ's Adam
 * rate, epochs, and whether the targets are classes or numbers.
 */
export const problems = {
  iris: {
    description: 'iris, 84 + 21 examples, 10 sigmoid units',
    data: async (seed) => parts(await table('iris'), [84, 21, 45], 3, seed),
    model: dense(4, [10], 3, 'sigmoid'),
    rate: 0.01,
    epochs: 40,
  },
  wine: {
    description: 'wine, 96 + 24 examples, 32 units',
    data: async (seed) => parts(await table('wine'), [96, 24, 58], 3, seed),
    model: dense(13, [32], 3),
    rate: 5e-3,
    epochs: 50,
  },
  cancer: {
    description: 'breast cancer, 300 + 75 examples, 32 + 16 units',
    data: async (seed) => parts(await table('breast_cancer'), [300, 75, 194], 2, seed),
    model: dense(30, [32, 16], 2),
    rate: 2e-3,
    epochs: 40,
  },
  diabetes: {
    ...onDiabetes,
    description: 'diabetes (regression), 212 + 53 examples, 64 + 64 units',
    data: diabetesParts,
  },
  diabetesShifted: {
    ...onDiabetes,
    description: 'the same, with 2 added to the standardized targets',
    data: async (seed) => shifted(await diabetesParts(seed), 2),
  },
  digits200: {
    description: 'digits, 160 + 40 images, 64 units',
    data: async (seed) => parts(matrix(await digits()), [160, 40, 1000], 10, seed),
    model: dense(64, [64], 10),
    rate: 2e-3,
    epochs: 100,
  },
  digits1000: {
    description: 'digits, 800 + 200 images, 64 units',
    data: async (seed) => parts(matrix(await digits()), [800, 200, 797], 10, seed),
    model: dense(64, [64], 10),
    rate: 2e-3,
    epochs: 25,
  },
  clothes: {
    description: 'Fashion-MNIST, 400 + 100 images, convolutions with batch norm',
    data: clothes,
    model: smallConvNet,
    rate: 1e-3,
    epochs: 25,
  },
  mail: {
    description: 'e-mails, spam or not, by 1,000 words, 800 + 200 e-mails, 64 + 64 units',
    data: (seed) => mailParts([800, 200, 3000], deriveSeed(seed, streams.parts)),
    model: dense(WORDS, [64, 64], 2),
    rate: 1e-3,
    epochs: 120,
  },
  wave: {
    description: 'a smooth function of two inputs (regression, drawn), 200 + 50 examples, 50 + 50 units',
    data(seed) {
      const { uniform: u, normal } = source(seed);
      const drawn = rowsOf(1250, () => {
        const [a, b] = [2 * u() - 1, 2 * u() - 1];
        return [[a, b], Math.sin(3 * a) + b * b + 0.1 * normal()];
      });
      return parts(drawn, [200, 50, 1000], 0, seed);
    },
    model: dense(2, [50, 50], 1, 'relu', 'linear'),
    rate: 5e-3,
    epochs: 100,
  },
  blobs: {
    description: 'three overlapping classes in the plane (drawn), 120 + 30 examples, 16 units',
    data(seed) {
      const { uniform: u, normal } = source(seed);
      const drawn = rowsOf(2150, () => {
        const k = Math.floor(3 * u());
        return [[(k === 1 ? 2.5 : 0) + normal(), (k === 2 ? 2.5 : 0) + normal()], k];
      });
      return parts(drawn, [120, 30, 2000], 3, seed);
    },
    model: dense(2, [16], 3),
    rate: 0.01,
    epochs: 40,
  },
  spirals: {
    description: 'two spirals in the plane (drawn), 200 + 50 examples, 50 + 50 units',
    data(seed) {
      const { uniform: u, normal } = source(seed);
      const drawn = rowsOf(1250, (_, i) => {
        const radius = Math.sqrt(u());
        const angle = 7 * radius + (i % 2) * Math.PI;
        const along = [radius * Math.cos(angle), radius * Math.sin(angle)];
        return [along.map((v) => v + 0.03 * normal()), i % 2];
      });
      return parts(drawn, [200, 50, 1000], 2, seed);
    },
    model: dense(2, [50, 50], 2),
    rate: 5e-3,
    epochs: 200,
  },
  needle: {
    description: 'two of 30 inputs matter (drawn), 160 + 160 examples, 48 + 48 units',
    data(seed) {
      const { normal } = source(seed);
      const drawn = rowsOf(2320, () => {
        const row = Array.from({ length: 30 }, normal);
        return [row, row[0] + 0.5 * row[0] * row[1] + 0.7 * normal() > 0 ? 1 : 0];
      });
      return parts(drawn, [160, 160, 2000], 2, seed);
    },
    model: dense(30, [48, 48], 2),
    rate: 2e-3,
    epochs: 360,
  },
  disk: rare('a rare class (7 %) in a disk of the plane (drawn), 800 + 200 examples, 50 + 50 units', inDisk),
  diskStratified: rare('the same, the classes in proportion', inDisk, true),
  ring: rare(
    'a rare class (5 %) on a thin ring in the plane (drawn), 800 + 200 examples, 50 + 50 units',
    onRing,
  ),
  ringStratified: rare('the same, the classes in proportion', onRing, true),
};
