import { customRegularizer, differencePenalty, sgd, smoothness } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test, vi } from 'vitest';
import { crossRegularization } from './crossRegularization';
import type { CrossRegularizationOptions } from './crossRegularizationOptions';
import { groupLasso, l1, l2, norm } from './norms';

beforeAll(() => tf.setBackend('cpu'));

/** A regression on the first few of some inputs, with noise. */
function regression(count: number, inputs: number, informative: number, noise: number, seed: number) {
  const x = tf.randomNormal([count, inputs], 0, 1, 'float32', seed);
  const errors = tf.randomNormal([count, 1], 0, 1, 'float32', seed + 1);
  const w = tf.tensor2d(
    Array.from({ length: inputs }, (_, j) =>
      j < informative ? (j % 2 ? -1 : 1) * (1 - j / (2 * informative)) : 0,
    ),
    [inputs, 1],
  );
  return { x, y: tf.add(tf.matMul(x, w), tf.mul(errors, noise)) };
}

const train = regression(96, 6, 2, 0.5, 1);
const held = regression(48, 6, 2, 0.5, 3);
const data: CrossRegularizationOptions = { regularizationData: [held.x, held.y], every: 2, batchSize: 48 };

function network(inputs = 6, units = 5) {
  const init = (seed: number) => tf.initializers.glorotNormal({ seed });
  const model = tf.sequential({
    layers: [
      tf.layers.dense({
        name: 'first',
        units,
        inputShape: [inputs],
        activation: 'tanh',
        kernelInitializer: init(1),
      }),
      tf.layers.batchNormalization({ name: 'normalization' }),
      tf.layers.dense({ name: 'second', units: 4, activation: 'tanh', kernelInitializer: init(2) }),
      tf.layers.dense({ name: 'last', units: 1, kernelInitializer: init(3) }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
  return model;
}
const kernel = (model: tf.LayersModel, layer: string, index = 0) => model.getLayer(layer).getWeights()[index];
const fit = (model: tf.LayersModel, callbacks: object, epochs = 4) =>
  model.fit(train.x, train.y, {
    epochs,
    batchSize: 16,
    callbacks: callbacks as never,
    verbose: 0,
    shuffle: false,
  });
const lengths = {
  l2: (w: tf.Tensor) => tf.norm(w).dataSync()[0],
  l1: (w: tf.Tensor) => tf.sum(tf.abs(w)).dataSync()[0],
};

test('every norm learns its level on a compiled model, and the weights are on that level', async () => {
  const model = network();
  const before = kernel(model, 'normalization').dataSync().slice();
  const cross = crossRegularization({
    ...data,
    regularizers: [
      l2({ layers: ['first'] }),
      l1({ layers: /second/ }),
      groupLasso({ layers: (l) => l.name === 'last' }),
    ],
  });
  await fit(model, cross);
  expect(Object.keys(cross.history.rho)).toEqual(['first/l2', 'second/l1', 'last/groupLasso']);
  expect(cross.history.step).toHaveLength(12);
  expect(cross.history.loss.every(Number.isFinite)).toBe(true);
  const level = (name: string) => cross.history.rho[name].value.at(-1)!;
  expect(lengths.l2(kernel(model, 'first')) / level('first/l2')).toBeCloseTo(1, 5);
  expect(lengths.l1(kernel(model, 'second')) / level('second/l1')).toBeCloseTo(1, 5);
  expect(lengths.l1(kernel(model, 'last')) / level('last/groupLasso')).toBeCloseTo(1, 5);
  for (const { value } of Object.values(cross.history.rho)) expect(value.at(-1)).not.toBe(value[0]);
  expect(Object.keys(await cross.sparsity())).toEqual(['first/kernel', 'second/kernel', 'last/kernel']);
  expect(kernel(model, 'normalization').dataSync()).not.toEqual(before); // trained, but under no norm
  expect(Object.keys(cross.status())).toHaveLength(3);
});

test('per model, layer and unit; biases only if requested', async () => {
  const names = async (...regularizers: CrossRegularizationOptions['regularizers'] & object) => {
    const model = network();
    // Biases start at zero: training moves them before a norm can hold them.
    await model.fit(train.x, train.y, { epochs: 1, verbose: 0 });
    const cross = crossRegularization({ ...data, regularizers });
    await cross.trainOnBatch(model, train.x, train.y);
    await cross.trainOnBatch(model, train.x, train.y);
    await cross.onEpochEnd(0);
    return { model, rho: cross.history.rho };
  };
  const layers = ['first', 'second'];
  expect(Object.keys((await names(l2({ per: 'model', name: 'all' }))).rho)).toEqual(['all']);
  expect(Object.keys((await names(l2())).rho)).toEqual(['first/l2', 'second/l2', 'last/l2']);
  const unit = await names(l2({ per: 'unit', layers, biases: true }));
  expect(Object.keys(unit.rho)).toEqual(['first/l2', 'second/l2']);
  const columns = tf.concat([kernel(unit.model, 'first'), kernel(unit.model, 'first', 1).expandDims(0)]);
  const mean = tf.mean(tf.norm(columns, 2, 0)).dataSync()[0];
  expect(unit.rho['first/l2'].value.at(-1)! / mean).toBeCloseTo(1, 5);
  const all = await names(l2({ per: 'model' }));
  const squares = layers.concat('last').map((layer) => lengths.l2(kernel(all.model, layer)) ** 2);
  expect(all.rho.l2.value.at(-1)! ** 2 / squares.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
});

test('θ moves along the level set, and the ρ step uses the component along ∇R', async () => {
  const model = network();
  const [learningRate, every] = [0.05, 1000];
  const cross = crossRegularization({
    ...data,
    every,
    regularizers: [l2({ layers: ['first'], optimizer: sgd({ learningRate }) })],
  });
  const start = lengths.l2(kernel(model, 'first'));
  for (let i = 0; i < 20; i++) await cross.trainOnBatch(model, train.x, train.y);
  expect(lengths.l2(kernel(model, 'first')) / start).toBeCloseTo(1, 5);

  const one = crossRegularization({
    ...data,
    every: 1,
    regularizers: [l2({ layers: ['first'], optimizer: sgd({ learningRate }) })],
  });
  await one.trainOnBatch(model, train.x, train.y);
  await one.onEpochEnd(0);
  const { value, gradient } = one.history.rho['first/l2'];
  // d L_val / d log ρ by differences of the loss, at the present direction.
  const weights = model.getLayer('first').weights[0];
  const now = weights.read().clone();
  const lossAt = (level: number) => {
    weights.write(tf.mul(now, level / lengths.l2(now)));
    return tf.metrics
      .meanSquaredError(held.y, model.apply(held.x, { training: false }) as tf.Tensor)
      .mean()
      .dataSync()[0];
  };
  const before = start; // the level before the step
  const difference = (lossAt(before * 1.01) - lossAt(before / 1.01)) / (2 * Math.log(1.01));
  expect(Math.abs(gradient[0] - difference)).toBeLessThan(0.02 * Math.abs(difference) + 1e-4);
  expect(Math.log(value[0] / before)).toBeCloseTo(-learningRate * gradient[0], 4);
});

test('several norms and noise at once, each with its own optimizer', async () => {
  const model = network();
  const start = { squares: lengths.l2(kernel(model, 'last')) ** 2, l1: lengths.l1(kernel(model, 'second')) };
  const cross = crossRegularization({
    ...data,
    noise: true,
    samples: 2,
    regularizers: [
      l2({ layers: ['first'] }),
      l1({ layers: ['first', 'second'], learningRate: 0.05 }),
      norm(
        customRegularizer({
          value: (fw, ws) => ws.map((w) => fw.sum(fw.mul(w, w))).reduce((a, b) => fw.add(a, b)),
        }),
        {
          layers: ['last'],
          learningRate: 0.01,
          name: 'squares',
        },
      ),
    ],
  });
  await fit(model, cross, 6);
  const names = Object.keys(cross.history.rho);
  expect(names.slice(0, 2).every((name) => name.endsWith('_noise'))).toBe(true);
  expect(names.slice(2)).toEqual(['first/l2', 'first/l1', 'second/l1', 'last/squares']);
  const path = (name: string) => cross.history.rho[name].value;
  // The first step of Adam is as long as its rate, in logs.
  const stride = (name: string, start: number) => Math.abs(Math.log(path(name)[0] / start));
  expect(stride('last/squares', start.squares)).toBeCloseTo(0.01, 4);
  expect(stride('second/l1', start.l1)).toBeCloseTo(0.05, 4);
  // Of two norms on one weight, the last holds exactly, the other up to the change that the last one made.
  expect(lengths.l1(kernel(model, 'first')) / path('first/l1').at(-1)!).toBeCloseTo(1, 5);
  expect(Math.abs(Math.log(lengths.l2(kernel(model, 'first')) / path('first/l2').at(-1)!))).toBeLessThan(0.1);
  cross.dispose();
});

test('smoothness along the inputs does not penalize straight lines', async () => {
  const model = network();
  const cross = crossRegularization({
    ...data,
    regularizers: [norm(smoothness(differencePenalty(6)), { layers: ['first'], per: 'unit' })],
  });
  await fit(model, cross, 10);
  const { value } = cross.history.rho['first/smoothness'];
  expect(value.at(-1)).not.toBe(value[0]);
  expect(value.every((v) => v > 0)).toBe(true);
});

test('scale and offset of a layer normalization over several axes are under no norm', async () => {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 4, inputShape: [3, 2], name: 'first' }),
      tf.layers.layerNormalization({ axis: [1, 2] }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 1, name: 'last' }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
  const x = tf.randomNormal([8, 3, 2], 0, 1, 'float32', 1);
  const cross = crossRegularization({
    ...{ regularizationData: [tf.neg(x), tf.ones([8])], every: 1, regularizers: [l2()] },
  });
  await cross.trainOnBatch(model, x, tf.ones([8, 1]));
  expect(Object.keys(cross.history.rho)).toEqual(['first/l2', 'last/l2']);
  cross.dispose();
});

test('a batch does not wait for the device, and leaves no tensor behind', async () => {
  const model = network();
  const cross = crossRegularization({
    ...data,
    every: 1,
    noise: true,
    samples: 2,
    regularizers: [l2(), l1(), groupLasso()],
  });
  for (let i = 0; i < 3; i++) await cross.trainOnBatch(model, train.x, train.y);
  await cross.onEpochEnd(0);
  const before = tf.memory().numTensors;
  // A device that answers only at the end.
  const { data: read } = tf.Tensor.prototype;
  const waiting: (() => void)[] = [];
  const asked = vi.spyOn(tf.Tensor.prototype, 'data');
  const atOnce = vi.spyOn(tf.Tensor.prototype, 'dataSync');
  for (let i = 0; i < 20; i++) {
    asked.mockImplementation(read);
    await model.trainOnBatch(train.x, train.y);
    asked.mockImplementation(async function (this: tf.Tensor) {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return read.call(this);
    } as never);
    atOnce.mockClear();
    await cross.onBatchEnd(i);
    expect(atOnce).not.toHaveBeenCalled();
  }
  // One array for each ρ step.
  expect(waiting).toHaveLength(20);
  expect(cross.history.step).toHaveLength(3);
  vi.restoreAllMocks();
  for (const answer of waiting) answer();
  await cross.onEpochEnd(1);
  expect(tf.memory().numTensors).toBe(before);
  cross.dispose();
});

test('a number that is not finite reaches no other weight, and the ρ step is skipped', async () => {
  const model = network();
  const cross = crossRegularization({ ...data, every: 1, regularizers: [l2({ per: 'model' })] });
  await cross.trainOnBatch(model, train.x, train.y);
  const others = () => ['second', 'last'].map((name) => [...kernel(model, name).dataSync()]);
  const first = model.getLayer('first').weights[0];
  first.write(tf.mul(first.read(), Number.NaN));
  const before = others();
  await cross.onBatchEnd(1);
  await cross.onEpochEnd(0);
  expect(others()).toEqual(before);
  expect(cross.history.skipped).toBe(1);
});

test('bad norms are refused before training starts', async () => {
  const attempt = async (make: () => object[], model = network()) => {
    const weights = model.getWeights().map((w) => [...w.dataSync()]);
    const message = await Promise.resolve()
      .then(() => crossRegularization({ ...data, regularizers: make() as never }))
      .then((cross) => fit(model, cross, 1))
      .then(
        () => 'accepted',
        (error: Error) => error.message,
      );
    expect(model.getWeights().map((w) => [...w.dataSync()])).toEqual(weights);
    return message;
  };
  const zero = network();
  zero.getLayer('second').setWeights([tf.zeros([5, 4]), tf.zeros([4])]);
  const frozen = network();
  frozen.getLayer('first').trainable = false;
  frozen.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });

  expect(await attempt(() => [l2({ per: 'weight' as never })])).toContain(
    "per: must be 'model', 'layer' or 'unit'",
  );
  expect(await attempt(() => [groupLasso({ per: 'unit' })])).toContain(
    'groupLasso has no level for each unit',
  );
  expect(await attempt(() => [groupLasso({ axis: 1.5 })])).toContain('axis: must be an integer');
  expect(await attempt(() => [l2({ layers: ['fist'] })])).toContain(
    'names "fist", but the model\'s layers are "first"',
  );
  expect(await attempt(() => [l2({ layers: /conv/ })])).toContain('has a norm without weights');
  expect(await attempt(() => [l2({ layers: ['first'] })], frozen)).toContain('compiled to train');
  expect(await attempt(() => [l2()], zero)).toContain('second/l2 starts at 0');
  expect(await attempt(() => [{} as never])).toContain('regularizers: must be a list of norms');
  expect(await attempt(() => [l2(), l2()])).toContain('two parameters named "first/l2"');
  expect(await attempt(() => [l2({ learningRate: -1 })])).toContain(
    'learningRate: must be a finite number above 0',
  );
  expect(() => norm(3 as never)).toThrow('regularizer: must be a regularizer');
  expect(() => crossRegularization({ ...data, regularizers: l2() as never })).toThrow(
    'must be a list of norms',
  );
  const noWork = await attempt(() => []);
  expect(noWork).toContain('or give regularizers');
});

test('L1 finds the inputs that matter, with exact zeros elsewhere, and beats the plain model', async () => {
  const [inputs, informative] = [30, 3];
  const [training, regularization, test] = [80, 60, 400].map((n, i) =>
    regression(n, inputs, informative, 0.5, 10 * i + 5),
  );
  const model = () => {
    const one = tf.sequential({
      layers: [
        tf.layers.dense({
          name: 'first',
          units: 6,
          inputShape: [inputs],
          activation: 'tanh',
          kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }),
        }),
        tf.layers.dense({
          name: 'last',
          units: 1,
          kernelInitializer: tf.initializers.glorotNormal({ seed: 2 }),
        }),
      ],
    });
    one.compile({ optimizer: tf.train.momentum(0.03, 0.9), loss: 'meanSquaredError' });
    return one;
  };
  const args = { epochs: 150, batchSize: 40, verbose: 0, shuffle: false };
  const loss = (one: tf.LayersModel) => (one.evaluate(test.x, test.y) as tf.Scalar).dataSync()[0];
  const plain = model();
  await plain.fit(training.x, training.y, args);
  const sparse = model();
  const cross = crossRegularization({
    regularizationData: [regularization.x, regularization.y],
    every: 5,
    batchSize: 60,
    learningRate: 0.05,
    regularizers: [l1({ per: 'model' })],
  });
  await sparse.fit(training.x, training.y, { ...args, callbacks: cross });
  const rows = kernel(sparse, 'first').arraySync() as number[][];
  const used = rows.map((row) => row.some((v) => v !== 0));
  expect(used.slice(0, informative)).toEqual([true, true, true]);
  expect(used.filter((is) => !is).length).toBeGreaterThan(10);
  expect((await cross.sparsity())['first/kernel']).toBeGreaterThan(0.7);
  expect(loss(sparse)).toBeLessThan(0.7 * loss(plain));
});
