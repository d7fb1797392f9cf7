import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { injectNoise } from './injectNoise';

beforeAll(() => tf.setBackend('cpu'));

const init = (seed: number) => tf.initializers.glorotNormal({ seed });
const x = tf.randomNormal([12, 3], 0, 1, 'float32', 1);
const sum = tf.sum(x, 1);
const labels = tf.tensor1d(
  Array.from({ length: 12 }, (_, i) => i % 3),
  'int32',
);
const still = () => ({ step: () => {}, iterations: 0, slots: [], dispose() {} });

function network(units: number[], loss: string | object, activation?: string) {
  const input = tf.input({ shape: [3], name: 'features' });
  const hidden = tf.layers.dense({ units: 4, activation: 'tanh', kernelInitializer: init(1) }).apply(input);
  const outputs = units.map((n, i) => {
    const options = {
      units: n,
      activation: activation as never,
      name: `out${i}`,
      kernelInitializer: init(2 + i),
    };
    return tf.layers.dense(options).apply(hidden) as tf.SymbolicTensor;
  });
  // σ = 0: the ρ loss is what `evaluate` says.
  const model = injectNoise(tf.model({ inputs: input, outputs }), { initialSigma: 0 });
  model.compile({ optimizer: tf.train.sgd(0), loss: loss as never });
  return model;
}
async function rhoLoss(model: tf.LayersModel, data: unknown, options: object = {}) {
  const cross = crossRegularization({
    ...{ regularizationData: data as never, every: 1, samples: 2, batchSize: 12, optimizer: still },
    ...options,
  });
  cross.setModel(model);
  await cross.onTrainBegin();
  await cross.onBatchEnd(0);
  await cross.onEpochEnd(0);
  return cross.history.loss[0];
}
const batches = (xs: unknown, ys: unknown) => ({
  iterator: async () => ({ next: async () => ({ value: { xs, ys }, done: false }) }),
});
const message = (run: Promise<unknown>) =>
  run.then(
    () => 'accepted',
    (error: Error) => error.message,
  );

test.each([
  ['meanSquaredError', 1, undefined, () => sum],
  ['meanAbsoluteError', 1, undefined, () => tf.expandDims(sum, 1)],
  ['sparseCategoricalCrossentropy', 3, 'softmax', () => tf.cast(labels, 'float32')],
  ['sparseCategoricalCrossentropy', 3, 'softmax', () => tf.cast(tf.expandDims(labels, 1), 'float32')],
  ['categoricalCrossentropy', 3, 'softmax', () => tf.oneHot(labels, 3)],
  ['binaryCrossentropy', 1, 'sigmoid', () => tf.cast(tf.greater(sum, 0), 'float32')],
] as [string, number, string | undefined, () => tf.Tensor][])(
  'broadcast targets: %s with %i units reads them as fit does, from tensors and from a data set',
  async (loss, units, activation, target) => {
    const model = network([units], loss, activation);
    const y = target();
    const expected = (model.evaluate(x, y, { batchSize: 12 }) as tf.Scalar).dataSync()[0];
    expect(await rhoLoss(model, [x, y])).toBeCloseTo(expected, 5);
    expect(await rhoLoss(model, batches(x.clone(), y.clone()))).toBeCloseTo(expected, 5);
    const split = crossRegularization({
      ...{ regularizationData: { split: 0.5 }, every: 1, samples: 2, batchSize: 6, optimizer: still },
    });
    await split.fit(model, x, y, { epochs: 1, batchSize: 3, verbose: 0 });
    expect(split.history.loss).toHaveLength(2);
    expect(split.history.loss[0]).toBeLessThan(20);
  },
);

test.each([
  ['meanSquaredError', 1, () => tf.zeros([12, 2])],
  ['meanAbsoluteError', 2, () => sum],
  ['categoricalCrossentropy', 3, () => tf.cast(labels, 'float32')],
  ['sparseCategoricalCrossentropy', 3, () => tf.oneHot(labels, 3)],
  ['huber', 2, () => tf.zeros([12, 1])],
] as [string, number, () => tf.Tensor][])(
  'broadcast targets: %s with %i units refuses what fit refuses, naming the output',
  async (name, units, target) => {
    const huber = (y: tf.Tensor, z: tf.Tensor) => tf.losses.huberLoss(y, z);
    const model = network([units], name === 'huber' ? huber : name);
    const y = target();
    await expect(model.fit(x, y, { epochs: 1, verbose: 0 })).rejects.toThrow();
    const refusal = 'the target of output "out0" has shape';
    expect(await message(rhoLoss(model, [x, y]))).toContain(`regularizationData: ${refusal}`);
    expect(await message(rhoLoss(model, batches(x.clone(), y.clone())))).toContain(refusal);
    const cross = crossRegularization({ regularizationData: { split: 0.5 } });
    expect(await message(cross.fit(model, x, y, { epochs: 1, verbose: 0 }))).toContain(`x, y: ${refusal}`);
    expect(await message(cross.trainOnBatch(model, x, y))).toContain(`x, y: ${refusal}`);
  },
);

test('swapped targets of two outputs are refused; by name they are assigned correctly', async () => {
  const model = network([1, 2], { out0: 'meanSquaredError', out1: 'meanAbsoluteError' });
  const [one, two] = [tf.expandDims(sum, 1), tf.slice(x, [0, 0], [12, 2])];
  expect(await message(rhoLoss(model, [x, [two, one]]))).toContain(
    'the target of output "out0" has shape [12,2], but its loss meanSquaredError takes [any,1]',
  );
  const [a, b] = model.predict(x) as tf.Tensor[];
  const expected = tf.add(tf.mean(tf.square(tf.sub(a, one))), tf.mean(tf.abs(tf.sub(b, two)))).dataSync()[0];
  expect(await rhoLoss(model, [x, [one, two]])).toBeCloseTo(expected, 5);
  expect(await rhoLoss(model, [{ features: x }, { out1: two, out0: sum }])).toBeCloseTo(expected, 5);
  expect(await message(rhoLoss(model, [x, { out0: one }]))).toContain('has no tensor "out1", but has "out0"');
});

test('plain arrays are refused with what to write instead', async () => {
  const model = network([1], 'meanSquaredError');
  const rows = x.arraySync();
  const refusal = 'holds numbers in a plain array';
  expect(() => crossRegularization({ regularizationData: [rows, sum] as never })).toThrow(refusal);
  expect(() => crossRegularization({ regularizationData: [x, sum.dataSync()] as never })).toThrow(refusal);
  expect(await message(rhoLoss(model, batches(rows, sum)))).toContain(refusal);
  const cross = crossRegularization({ regularizationData: { split: 0.5 } });
  expect(await message(cross.fit(model, rows as never, sum))).toContain('x: holds numbers in a plain array');
  expect(await message(cross.trainOnBatch(model, x, [1, 2, 3] as never))).toContain('y: holds numbers');
});

test('the ρ step follows losses given as a list, a dictionary or a function, and class weights', async () => {
  const own = (y: tf.Tensor, z: tf.Tensor) => tf.mul(tf.mean(tf.square(tf.sub(y, z)), -1), 7);
  const [one, two] = [tf.expandDims(sum, 1), tf.slice(x, [0, 0], [12, 2])];
  for (const loss of [[own, 'meanAbsoluteError'], { out1: 'meanAbsoluteError', out0: own }]) {
    const model = network([1, 2], loss);
    const [a, b] = model.predict(x) as tf.Tensor[];
    const first = tf.mul(tf.mean(tf.square(tf.sub(a, one))), 7);
    const expected = tf.add(first, tf.mean(tf.abs(tf.sub(b, two)))).dataSync()[0];
    expect(await rhoLoss(model, [x, [one, two]])).toBeCloseTo(expected, 4);
  }
  const missing = network([1, 2], { out0: 'meanSquaredError' });
  expect(await message(rhoLoss(missing, [x, [one, two]]))).toContain('without a loss for its output "out1"');

  const weights = { 0: 1, 1: 5, 2: 0.5 };
  for (const [loss, y] of [
    ['sparseCategoricalCrossentropy', tf.cast(labels, 'float32')],
    ['categoricalCrossentropy', tf.oneHot(labels, 3)],
  ] as const) {
    const model = network([3], loss, 'softmax');
    const p = (model.predict(x) as tf.Tensor).arraySync() as number[][];
    const expected = [...labels.dataSync()].reduce(
      (total, c, b) => total - (weights[c as 0] * Math.log(p[b][c])) / 12,
      0,
    );
    expect(await rhoLoss(model, [x, y], { classWeight: weights })).toBeCloseTo(expected, 5);
  }
  const model = network([3], 'categoricalCrossentropy', 'softmax');
  expect(await message(rhoLoss(model, [x, tf.oneHot(labels, 3)], { classWeight: { 0: 1, 1: 2 } }))).toContain(
    'classWeight: must have a number of at least 0 for every class of the output "out0", but class 2 has undefined',
  );
  // cross.fit takes those of fit: a weight of 100 for all makes the ρ loss 100 times as large.
  const cross = crossRegularization({
    ...{
      regularizationData: [x, tf.oneHot(labels, 3)],
      every: 1,
      samples: 2,
      batchSize: 12,
      optimizer: still,
    },
  });
  const plain = await rhoLoss(model, [x, tf.oneHot(labels, 3)]);
  const classWeight = { 0: 100, 1: 100, 2: 100 };
  await cross.fit(model, x.neg(), tf.oneHot(labels, 3), { epochs: 1, verbose: 0, classWeight });
  expect(cross.history.loss[0] / plain).toBeCloseTo(100, 3);
});

test('class weights of one fit do not stay for the next; the option holds for those without any', async () => {
  const y = tf.oneHot(labels, 3);
  const all = (weight: number) => ({ 0: weight, 1: weight, 2: weight });
  for (const [option, expected] of [
    [undefined, 1],
    [all(10), 10],
  ] as const) {
    const model = network([3], 'categoricalCrossentropy', 'softmax');
    const cross = crossRegularization({
      ...{ regularizationData: [x, y], every: 1, samples: 2, batchSize: 12, optimizer: still },
      classWeight: option,
    });
    const fit = (args: object) => cross.fit(model, x.neg(), y, { epochs: 1, verbose: 0, ...args });
    model.optimizer = tf.train.sgd(0);
    for (const args of [{}, { classWeight: all(100) }, {}]) await fit(args);
    const [first, weighted, last] = cross.history.loss;
    expect(weighted / last).toBeCloseTo(100 / expected, 2);
    expect(last / first).toBeCloseTo(1, 3);
    cross.dispose();
  }
});

test('a missing class is refused for one-hot targets, class numbers and sigmoids alike', async () => {
  const some = tf.slice(labels, 0, 2);
  const inputs = tf.slice(x, 0, 2);
  const sparse = network([3], 'sparseCategoricalCrossentropy', 'softmax');
  expect(await message(rhoLoss(sparse, [inputs, some]))).toContain('has no example of class 2');
  const single = network([1], 'binaryCrossentropy', 'sigmoid');
  expect(await message(rhoLoss(single, [x, tf.zeros([12])]))).toContain('has no example of class 1');
  expect(await message(rhoLoss(single, [x, tf.ones([12, 1])]))).toContain('has no example of class 0');
  const several = network([2], 'binaryCrossentropy', 'sigmoid');
  const y = tf.tensor2d(Array.from({ length: 12 }, (_, i) => [i % 2, 0]));
  expect(await message(rhoLoss(several, [x, y]))).toContain('has no example of class 1 for unit 1');
  expect(await rhoLoss(several, [x, y], { allowMissingClasses: true })).toBeGreaterThan(0);
  // A regression of zeros and ones has no classes.
  expect(await rhoLoss(network([1], 'meanSquaredError'), [x, tf.zeros([12])])).toBeGreaterThan(0);
});
