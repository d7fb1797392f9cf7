import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { crossRegularization } from './crossRegularization';
import type { CrossRegularizationOptions } from './crossRegularizationOptions';
import { injectNoise, noiseLayers } from './injectNoise';

beforeAll(() => tf.setBackend('cpu'));

const classes = 3;
/** Three overlapping Gaussian clouds: small enough to train on the cpu backend in a test. */
function clouds(count: number, seed: number) {
  const labels = Array.from({ length: count }, (_, i) => i % classes);
  const y = tf.oneHot(tf.tensor1d(labels, 'int32'), classes).cast('float32');
  const noise = tf.randomNormal([count, 4], 0, 1, 'float32', seed);
  const x = tf.add(
    noise,
    tf.matMul(
      y,
      tf.tensor2d([
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
      ]),
    ),
  );
  return { x, y };
}

function network(options: object = {}, activation: 'relu' | 'tanh' = 'relu') {
  const init = (seed: number) => tf.initializers.glorotNormal({ seed });
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 16, inputShape: [4], kernelInitializer: init(1) }),
      tf.layers.batchNormalization(),
      tf.layers.activation({ activation }),
      tf.layers.dense({ units: 16, activation, kernelInitializer: init(2) }),
      tf.layers.dense({ units: classes, activation: 'softmax', kernelInitializer: init(3) }),
    ],
  });
  const noisy = injectNoise(model, options);
  noisy.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy' });
  return { model, noisy };
}

const train = clouds(96, 1);
const held = clouds(48, 2);
const data: CrossRegularizationOptions = {
  regularizationData: [held.x, held.y],
  every: 2,
  samples: 2,
  batchSize: 12,
};
const numbers = (tensors: { read(): tf.Tensor }[]) => tensors.map((w) => [...w.read().dataSync()]);
const sigmas = (model: tf.LayersModel) => noiseLayers(model).map((layer) => layer.sigma().dataSync()[0]);

test('fit with the callback learns σ and keeps a record', async () => {
  const { noisy } = network();
  const cross = crossRegularization(data);
  await noisy.fit(train.x, train.y, { epochs: 5, batchSize: 16, callbacks: cross, verbose: 0 });
  // 5 epochs of 6 batches, a ρ step after every second one.
  expect(cross.history.step).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30]);
  expect(cross.history.loss.every(Number.isFinite)).toBe(true);
  const names = noiseLayers(noisy).map((layer) => layer.name);
  expect(Object.keys(cross.history.rho)).toEqual(names);
  sigmas(noisy).forEach((sigma, i) => {
    expect(sigma).not.toBeCloseTo(1, 3);
    expect(cross.history.rho[names[i]].value.at(-1)).toBeCloseTo(sigma, 5);
  });
  expect(Object.keys(cross.status())).toEqual(names);
});

test("θ's optimizer never touches ρ, bit for bit", async () => {
  const { noisy } = network();
  const before = noiseLayers(noisy).map((layer) => [...layer.rho.dataSync()]);
  await noisy.fit(train.x, train.y, { epochs: 3, batchSize: 16, verbose: 0 });
  expect(noiseLayers(noisy).map((layer) => [...layer.rho.dataSync()])).toEqual(before);
});

test('a ρ step touches ρ only: no weight, no batch-norm or noise statistic, bit for bit', async () => {
  const { noisy } = network();
  const cross = crossRegularization({ ...data, every: 1 });
  await cross.trainOnBatch(noisy, train.x, train.y);
  const rho = new Set(noiseLayers(noisy).map((layer) => layer.rho.id));
  const others = () => numbers(noisy.weights.filter((w) => !rho.has(w.read().id)));
  const [weights, sigma] = [others(), sigmas(noisy)];
  await cross.onBatchEnd(0);
  expect(others()).toEqual(weights);
  sigmas(noisy).forEach((after, i) => {
    expect(after).not.toBe(sigma[i]);
  });
});

/** A regressor with two targets, without batch normalization. */
function regression(per: 'layer' | 'channel') {
  const init = (seed: number) => tf.initializers.glorotNormal({ seed });
  const noisy = injectNoise(
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 8, inputShape: [4], activation: 'tanh', kernelInitializer: init(1) }),
        tf.layers.dense({ units: 6, activation: 'tanh', kernelInitializer: init(2) }),
        tf.layers.dense({ units: 2, kernelInitializer: init(3) }),
      ],
    }),
    { per },
  );
  noisy.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
  return { noisy, regularizationData: [held.x, held.x.slice([0, 1], [48, 2])] as [tf.Tensor, tf.Tensor] };
}
/** Smooth activations: differences across the kinks of ReLU say little about the gradient. */
const classification = (per: 'layer' | 'channel') => ({
  noisy: network({ per }, 'tanh').noisy,
  regularizationData: data.regularizationData,
});

test.each([
  ['classifier', 'layer', classification],
  ['classifier', 'channel', classification],
  ['regressor', 'layer', regression],
  ['regressor', 'channel', regression],
] as const)('%s, σ per %s: the gradient of a ρ step agrees with finite differences', async (_, per, make) => {
  const { noisy, regularizationData } = make(per);
  const frozen = { step: () => {}, iterations: 0, slots: [], dispose() {} };
  const gradientAt = async () => {
    // An optimizer that moves nothing leaves the loss and its gradient in the history.
    const optimizer = () => frozen;
    const cross = crossRegularization({ ...data, regularizationData, every: 1, samples: 3, optimizer });
    cross.setModel(noisy);
    await cross.onTrainBegin();
    await cross.onBatchEnd(0);
    await cross.onEpochEnd(0);
    return { loss: cross.history.loss[0], rho: cross.history.rho };
  };
  const center = await gradientAt();
  for (const layer of noiseLayers(noisy)) {
    const at = layer.rho.clone();
    const h = 0.02;
    const losses: number[] = [];
    for (const by of [h, -h]) {
      layer.rho.assign(tf.add(at, by));
      losses.push((await gradientAt()).loss);
    }
    layer.rho.assign(at);
    const difference = (losses[0] - losses[1]) / (2 * h);
    const gradient = center.rho[layer.name].gradient[0];
    // float32 loss near 1 over 2h leaves about 1e-5 of rounding; the cubic term about 1e-4 relative.
    expect(Math.abs(gradient - difference)).toBeLessThan(2e-4 + 0.01 * Math.abs(difference));
    expect(Math.abs(difference)).toBeGreaterThan(1e-4);
  }
});

test('a data set of regularization batches is read in order, then again from its start', async () => {
  const { noisy } = network();
  const xs = tf.data.array(held.x.arraySync() as number[][]);
  const ys = tf.data.array(held.y.arraySync() as number[][]);
  const regularizationData = tf.data.zip({ xs, ys }).batch(20) as never;
  const cross = crossRegularization({ ...data, regularizationData, every: 1 });
  await cross.trainOnBatch(noisy, train.x.slice(0, 8), train.y.slice(0, 8));
  const before = tf.memory().numTensors;
  for (let i = 0; i < 6; i++) await cross.trainOnBatch(noisy, train.x, train.y);
  await cross.onEpochEnd(0);
  expect(cross.history.step).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(cross.history.skipped).toBe(0);
  expect(tf.memory().numTensors).toBeLessThanOrEqual(before);
});

test('2,000 training steps leave the number of tensors unchanged', async () => {
  const { noisy } = network();
  const cross = crossRegularization({ ...data, every: 10 });
  const [x, y] = [train.x.slice(0, 8), train.y.slice(0, 8)];
  const run = async (steps: number) => {
    for (let i = 0; i < steps; i++) await cross.trainOnBatch(noisy, x, y);
    await cross.onEpochEnd(0);
  };
  await run(20);
  const before = tf.memory().numTensors;
  await run(2000);
  expect(tf.memory().numTensors).toBe(before);
}, 120_000);

test('noise: true hooks the noise into a compiled model, and toModel gives it explicit layers', async () => {
  const { model } = network();
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy' });
  const cross = crossRegularization({ ...data, noise: true });
  expect(() => cross.toModel()).toThrow('nothing was trained yet');
  await model.fit(train.x, train.y, { epochs: 2, batchSize: 16, callbacks: cross, verbose: 0 });
  expect(cross.history.step).toEqual([2, 4, 6, 8, 10, 12]);
  const explicit = cross.toModel();
  expect(noiseLayers(explicit).map((layer) => layer.name)).toEqual(Object.keys(cross.history.rho));
  sigmas(explicit).forEach((sigma, i) => {
    expect(sigma).toBeCloseTo(Object.values(cross.history.rho)[i].value.at(-1)!, 5);
  });
  expect(explicit.countParams()).toBeGreaterThan(model.countParams());
});

test('{ split } is taken off the training data by cross.fit, and fitDataset works', async () => {
  const { noisy } = network();
  const cross = crossRegularization({ ...data, regularizationData: { split: 0.25 } });
  let examples = 0;
  await cross.fit(noisy, train.x, train.y, {
    epochs: 1,
    batchSize: 16,
    verbose: 0,
    callbacks: new tf.CustomCallback({
      onBatchEnd: async (_, logs) => {
        examples += logs!.size;
      },
    }),
  });
  expect(examples).toBe(72);
  expect(cross.history.step).toEqual([2, 4]);
  // A second call holds out the same examples; in other data they could not be found.
  const args = { epochs: 1, batchSize: 16, verbose: 0 } as const;
  await cross.fit(noisy, train.x, train.y, args);
  expect(cross.history.step).toEqual([2, 4, 6, 8, 10]);
  await expect(cross.fit(noisy, held.x, held.y, args)).rejects.toThrow(
    'x: has 48 examples, but the regularization set was split off from 96',
  );
  cross.dispose();

  const second = network().noisy;
  const again = crossRegularization(data);
  const set = tf.data.zip({
    xs: tf.data.array(train.x.arraySync() as number[][]),
    ys: tf.data.array(train.y.arraySync() as number[][]),
  });
  await second.fitDataset(set.batch(16) as never, { epochs: 1, callbacks: again as never, verbose: 0 });
  expect(again.history.step).toEqual([2, 4, 6]);
});

test('bad input is refused before training starts', async () => {
  const fit = async (options: object, { model, noisy } = network(), target: tf.LayersModel = noisy) => {
    const weights = numbers(model.weights);
    const error = await Promise.resolve()
      .then(() => crossRegularization({ ...data, ...options }))
      .then((callbacks) => target.fit(train.x, train.y, { epochs: 1, verbose: 0, callbacks }))
      .then(
        () => 'accepted',
        (e: Error) => e.message,
      );
    expect(numbers(model.weights)).toEqual(weights);
    return error;
  };
  const set = (x: unknown, y: unknown) => fit({ regularizationData: [x, y] });
  const plain = network();
  plain.model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
  const other = tf.sequential({ layers: [tf.layers.dense({ units: classes, inputShape: [4] })] });
  other.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });

  expect(await fit({ regularizationData: { split: 0.1 } })).toContain('Call cross.fit(model, x, y, args)');
  expect(await set(tf.zeros([0, 4]), tf.zeros([0, classes]))).toContain('is empty');
  expect(await set(held.x, held.y.slice(0, 5))).toContain('has arrays of 48 and 5 examples');
  expect(await set(tf.zeros([48, 7]), held.y)).toContain(
    'input 0 has shape [48,7], but the model takes [any,4]',
  );
  expect(await set([held.x, held.x], held.y)).toContain('has 2 inputs, but the model has 1');
  expect(await set('x', held.y)).toContain('must be [x, y] with tensors');
  const batches = (xs: number[][], ys: unknown) =>
    fit({
      regularizationData: tf.data.zip({ xs: tf.data.array(xs), ys: tf.data.array(ys as any[]) }).batch(2),
    });
  expect(await batches([[1], [2]], [[1], [2]])).toContain('input 0 has shape [2,1]');
  expect(await batches([], [])).toContain('is a data set that yields no batch');
  expect(await fit({ regularizationData: tf.data.array([[1, 2, 3, 4]]) })).toContain('must yield { xs, ys }');
  const first = tf.oneHot(tf.zeros([48], 'int32'), classes).cast('float32');
  expect(await set(held.x, first)).toContain('has no example of class 1, 2');
  expect(await fit({}, plain, plain.model)).toContain('was given to injectNoise, which returned a new model');
  expect(await fit({}, plain, other)).toContain('has nothing to learn a regularization for');
});
