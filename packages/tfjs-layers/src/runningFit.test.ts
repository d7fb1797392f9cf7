import * as tf from '@tensorflow/tfjs';
import { expect, test, vi } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { injectNoise } from './injectNoise';

await tf.setBackend('cpu');

const x = tf.randomNormal([24, 3], 0, 1, 'float32', 1);
const y = tf.sum(x, 1, true);
const init = (seed: number) => tf.initializers.glorotNormal({ seed });
function network() {
  const input = tf.input({ shape: [3], name: 'features' });
  const hidden = tf.layers.dense({ units: 4, activation: 'tanh', kernelInitializer: init(1) }).apply(input);
  const output = tf.layers.dense({ units: 1, kernelInitializer: init(2), name: 'sum' }).apply(hidden);
  const model = injectNoise(tf.model({ inputs: input, outputs: output as tf.SymbolicTensor }));
  model.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
  return model;
}
const args = { epochs: 1, batchSize: 8, shuffle: false, verbose: 0 as const };
const message = (run: Promise<unknown>) =>
  run.then(
    () => 'accepted',
    (error: Error) => `${error.name} ${error.message}`,
  );
const dataset = (makers: (() => object)[]) => ({
  async iterator() {
    let at = 0;
    return {
      next: async () =>
        at < makers.length ? { value: makers[at++](), done: false } : { value: null, done: true },
    };
  },
});
const good = () => ({ xs: tf.clone(x), ys: tf.clone(y) });
const missing = () => ({ xs: tf.fill([4, 3], Number.NaN), ys: tf.zeros([4, 1]) });
const narrow = () => ({ xs: tf.zeros([4, 2]), ys: tf.zeros([4, 1]) });
const numbers = (model: tf.LayersModel) => model.getWeights().flatMap((w) => [...w.dataSync()]);

test('tensors disposed between two runs of one callback are refused before the first step', async () => {
  const [held, targets] = [tf.clone(x), tf.clone(y)];
  const cross = crossRegularization({ regularizationData: [held, targets], every: 1 });
  const model = network();
  await model.fit(x, y, { ...args, callbacks: cross });
  targets.dispose();
  const [before, steps] = [numbers(model), cross.history.step.length];
  const refusal =
    'ArgumentError regularizationData: has a tensor [24,1] for "sum" that was disposed. Keep it until it has been used.';
  expect(await message(model.fit(x, y, { ...args, callbacks: cross }))).toBe(refusal);
  expect(await message(cross.fit(model, x, y, args))).toBe(refusal);
  expect(await message(cross.trainOnBatch(model, x, y))).toBe(refusal);
  expect(numbers(model)).toEqual(before);
  expect(cross.history.step.length).toBe(steps);

  const gone = tf.clone(x);
  gone.dispose();
  const fresh = crossRegularization({ regularizationData: [x, y] });
  expect(await message(fresh.fit(model, gone, y, args))).toContain(
    'x: has a tensor [24,3] for "features" that was',
  );
  expect(await message(fresh.fit(model, x, y, { ...args, validationData: [gone, y] }))).toContain(
    'args.validationData: has a tensor [24,3] for "features" that was disposed',
  );
  expect(numbers(model)).toEqual(before);
});

const fitDataset = (model: tf.LayersModel, data: object, callbacks: object, epochs = 2) =>
  model.fitDataset(data as never, { epochs, callbacks: callbacks as never, verbose: 0 });

test('in a running fit, a batch of another shape ends it with a named error; the weights stay finite and the callback can be used again', async () => {
  const cross = crossRegularization({ every: 1, regularizationData: dataset([good, narrow, good]) });
  const model = network();
  expect(await message(fitDataset(model, dataset([good, good, good]), cross))).toBe(
    'ArgumentError regularizationData: batch 1 of pass 0 (both counted from 0): input 0 has shape [4,2], but the model takes [any,3]. The first axis counts the examples.',
  );
  expect(numbers(model).every(Number.isFinite)).toBe(true);
  expect(await message(fitDataset(model, dataset([good]), cross, 1))).toBe('accepted');
  expect(cross.history.loss.every(Number.isFinite)).toBe(true);
});

test('in a running fit, NaN in a regularization batch skips the ρ step, and in a training batch ends the run with a named error', async () => {
  const skipping = crossRegularization({ every: 1, regularizationData: dataset([good, missing]) });
  const model = network();
  await fitDataset(model, dataset([good, good]), skipping);
  expect(skipping.history.skipped).toBe(2);
  expect(numbers(model).every(Number.isFinite)).toBe(true);

  const cross = crossRegularization({ every: 1, regularizationData: [x, y] });
  const before = model.getWeights().map((w) => tf.clone(w));
  expect(await message(fitDataset(model, dataset([good, missing]), cross))).toMatch(
    /^Error loss: is NaN in epoch 0 .* not finite after training step 2\. Check the training data for NaN/,
  );
  // σ is unchanged, and with earlier weights the same callback continues.
  model.setWeights(before);
  await fitDataset(model, dataset([good]), cross);
  expect(numbers(model).every(Number.isFinite)).toBe(true);
  expect(cross.history.loss.slice(-1).every(Number.isFinite)).toBe(true);
});

test('NaN in the training tensors is refused before the first step, naming the examples', async () => {
  const model = network();
  const before = numbers(model);
  const values = x.arraySync() as number[][];
  values[3][1] = Number.NaN;
  values[17][0] = Number.POSITIVE_INFINITY;
  const cross = crossRegularization({ regularizationData: [x, y] });
  const refusal =
    'ArgumentError x: has NaN or infinities for "features" in 2 of 24 examples (counted from 0): 3, 17. Fill in the values, or drop the examples.';
  expect(await message(cross.fit(model, tf.tensor(values), y, args))).toBe(refusal);
  expect(await message(cross.trainOnBatch(model, tf.tensor(values), y))).toBe(refusal);
  expect(await message(cross.fit(model, x, tf.fill([24, 1], Number.NaN), args))).toContain('y: has NaN');
  expect(numbers(model)).toEqual(before);
});

test('NaN in held-out tensors is refused before the first step: every ρ step with its batch was skipped without a word', async () => {
  const model = network();
  const before = numbers(model);
  const [inputs, targets] = [x, y].map((tensor) => tensor.arraySync() as number[][]);
  inputs[3][1] = Number.NaN;
  targets[5][0] = Number.NaN;
  const fit = (held: [tf.Tensor, tf.Tensor]) =>
    message(model.fit(x, y, { ...args, callbacks: crossRegularization({ regularizationData: held }) }));
  expect(await fit([tf.tensor(inputs), y])).toBe(
    'ArgumentError regularizationData: has NaN or infinities for "features" in 1 of 24 examples (counted from 0): 3. ' +
      'Fill in the values, or drop the examples.',
  );
  expect(await fit([x, tf.tensor(targets)])).toContain('for "sum" in 1 of 24 examples (counted from 0): 5');
  expect(numbers(model)).toEqual(before);
  // A loss of one's own may leave missing targets out.
  const known = (target: tf.Tensor, prediction: tf.Tensor) => {
    const is = tf.isFinite(target);
    const error = tf.sub(tf.where(is, target, tf.zerosLike(target)), prediction);
    return tf.mean(tf.square(tf.where(is, error, tf.zerosLike(error))));
  };
  model.compile({ optimizer: tf.train.sgd(0.01), loss: known });
  expect(await fit([x, tf.tensor(targets)])).toBe('accepted');
});

test('in a running fit by the model, NaN in one batch ends it at the next ρ step, before the end of the epoch', async () => {
  let taken = 0;
  const makers = Array.from({ length: 40 }, (_, i) => () => {
    taken += 1;
    return i === 5 ? missing() : good();
  });
  const cross = crossRegularization({ every: 4, regularizationData: [x, y] });
  const model = network();
  expect(await message(fitDataset(model, dataset(makers), cross))).toMatch(
    /^Error model: \d of \d weights are not finite after 9 training steps, such as the kernel of dense_.*Check the training data for NaN and infinities/,
  );
  // The ρ step after batch 8 is the first that sees it.
  expect(taken).toBe(9);
  expect(cross.history.step).toEqual([4, 8]);
  const [[, { value }]] = Object.entries(cross.history.rho);
  expect(value.every(Number.isFinite)).toBe(true);
  expect(value[1]).toBe(value[0]);
});

const optimizers = {
  ...{ sgd: () => tf.train.sgd(0.01), momentum: () => tf.train.momentum(0.01, 0.9) },
  ...{ adagrad: () => tf.train.adagrad(0.01), adadelta: () => tf.train.adadelta(0.01) },
  ...{ rmsprop: () => tf.train.rmsprop(0.01, 0.9, 0.5, undefined, true) },
  ...{ adam: () => tf.train.adam(0.01), adamax: () => tf.train.adamax(0.01) },
};
class Own extends tf.SGDOptimizer {}

test.each(Object.entries({ ...optimizers, own: () => new Own(0.01) }))(
  'trainOnBatch: a batch with NaN between others has no effect with %s, to the last bit',
  async (_, optimizer) => {
    const broken = tf.tensor2d(
      x.dataSync().map((v, i) => (i === 40 ? Number.NaN : v)),
      [24, 3],
    );
    const run = async (withBroken: boolean) => {
      const model = network();
      model.compile({ optimizer: optimizer(), loss: 'meanSquaredError' });
      const cross = crossRegularization({ every: 2, regularizationData: [tf.neg(x), y] });
      const loss: unknown[] = [];
      for (let step = 0; step < 5; step++) {
        if (withBroken && step !== 1) {
          const { numTensors } = tf.memory();
          expect(await message(cross.trainOnBatch(model, broken, y))).toContain(
            'in 1 of 24 examples (counted from 0): 13.',
          );
          if (step > 0) expect(tf.memory().numTensors).toBe(numTensors);
        }
        loss.push(await cross.trainOnBatch(model, x, y));
      }
      return {
        loss,
        weights: numbers(model),
        rho: cross.history.rho,
        step: cross.history.step,
        count: model.optimizer.iterations,
      };
    };
    const [clean, dirty] = [await run(false), await run(true)];
    expect({ ...dirty, rho: Object.values(dirty.rho) }).toEqual({ ...clean, rho: Object.values(clean.rho) });
  },
);

test('trainOnBatch: the check of a batch is one read in addition to the loss, and no step waits for it', async () => {
  const backend = tf.backend();
  const stock = network();
  stock.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
  const model = network();
  const cross = crossRegularization({ every: 100, regularizationData: [tf.neg(x), y] });
  await cross.trainOnBatch(model, x, y);
  const { read } = backend;
  const { assign } = tf.Variable.prototype;
  const events: string[] = [];
  vi.spyOn(tf.Variable.prototype, 'assign').mockImplementation(function (this: tf.Variable, value) {
    events.push('assign');
    assign.call(this, value);
  });
  vi.spyOn(backend, 'read').mockImplementation(async (id) => {
    events.push('ask');
    const values = await read.call(backend, id);
    // Like a busy device.
    await new Promise((resolve) => setTimeout(resolve, 5));
    events.push('answer');
    return values;
  });
  try {
    await stock.trainOnBatch(x, y);
    const ofStock = events.filter((one) => one === 'ask').length;
    events.length = 0;
    await cross.trainOnBatch(model, x, y);
    expect(events.filter((one) => one === 'ask')).toHaveLength(ofStock + 1);
    // Weights have moved before the first answer.
    expect(events.indexOf('answer')).toBeGreaterThan(events.lastIndexOf('assign'));
    expect(events).toContain('assign');
  } finally {
    vi.restoreAllMocks();
  }
});

test('a training data set without a batch is reported once, by name', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const cross = crossRegularization({ every: 1, regularizationData: [x, y] });
  await fitDataset(network(), dataset([]), cross);
  expect(warn.mock.calls.flat().join()).toBe(
    'crossRegularization learned nothing: training had no batch. Look whether the data set yields any, in every epoch, and whether epochs is above initialEpoch.',
  );
  warn.mockRestore();
});
