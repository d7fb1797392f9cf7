import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { expect, test, vi } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { Ensemble } from './ensemble';
import { injectNoise } from './injectNoise';
import { predict } from './predict';
import { toInferenceModel } from './toInferenceModel';

// Now, as tensors are made below: importing wasm makes it the default.
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

test('tensors that the caller disposed between two runs of one callback are refused before the first step', async () => {
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

test('what shows in a running fit: other shapes later end it by name, with finite weights and a callback that goes on', async () => {
  const cross = crossRegularization({ every: 1, regularizationData: dataset([good, narrow, good]) });
  const model = network();
  expect(await message(fitDataset(model, dataset([good, good, good]), cross))).toBe(
    'ArgumentError regularizationData: batch 1 of pass 0 (both from 0): input 0 has shape [4,2], but the model takes [any,3].',
  );
  expect(numbers(model).every(Number.isFinite)).toBe(true);
  expect(await message(fitDataset(model, dataset([good]), cross, 1))).toBe('accepted');
  expect(cross.history.loss.every(Number.isFinite)).toBe(true);
});

test('what shows in a running fit: NaN in one regularization batch skips its ρ step, in a training batch it ends the run by name', async () => {
  const skipping = crossRegularization({ every: 1, regularizationData: dataset([good, missing]) });
  const model = network();
  await fitDataset(model, dataset([good, good]), skipping);
  expect(skipping.history.skipped).toBe(2);
  expect(numbers(model).every(Number.isFinite)).toBe(true);

  const cross = crossRegularization({ every: 1, regularizationData: [x, y] });
  const before = model.getWeights().map((w) => tf.clone(w));
  expect(await message(fitDataset(model, dataset([good, missing]), cross))).toMatch(
    /^Error loss: is NaN in epoch 0 .* not finite after training step 2\. Look for NaN/,
  );
  // σ stays what it was, and with weights of before the same callback goes on.
  model.setWeights(before);
  await fitDataset(model, dataset([good]), cross);
  expect(numbers(model).every(Number.isFinite)).toBe(true);
  expect(cross.history.loss.slice(-1).every(Number.isFinite)).toBe(true);
});

test('NaN in tensors to train on is refused before the first step, with the examples', async () => {
  const model = network();
  const before = numbers(model);
  const values = x.arraySync() as number[][];
  values[3][1] = Number.NaN;
  values[17][0] = Number.POSITIVE_INFINITY;
  const cross = crossRegularization({ regularizationData: [x, y] });
  const refusal =
    'ArgumentError x: has NaN or infinities for "features" in 2 of 24 examples, from 0: 3, 17. Fill in or drop them.';
  expect(await message(cross.fit(model, tf.tensor(values), y, args))).toBe(refusal);
  expect(await message(cross.trainOnBatch(model, tf.tensor(values), y))).toBe(refusal);
  expect(await message(cross.fit(model, x, tf.fill([24, 1], Number.NaN), args))).toContain('y: has NaN');
  expect(numbers(model)).toEqual(before);
});

test('a training data set without a batch is told by its own name, once', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const cross = crossRegularization({ every: 1, regularizationData: [x, y] });
  await fitDataset(network(), dataset([]), cross);
  expect(warn.mock.calls.flat().join()).toBe(
    'crossRegularization learned nothing: training had no batch. Look whether the data set yields any, in every epoch.',
  );
  warn.mockRestore();
});

test.each(['cpu', 'wasm'])(
  'stock batch normalization of axis 1 is wrong on %s, so that the callback, predict and toInferenceModel refuse it',
  async (backend) => {
    await tf.setBackend(backend);
    try {
      const build = (axis: number) => {
        const layer = tf.layers.batchNormalization({ axis, name: `norm_${backend}_${axis}` });
        return {
          layer,
          model: tf.sequential({
            layers: [
              tf.layers.permute({ dims: [1, 2], inputShape: [2, 3] }),
              layer,
              tf.layers.flatten(),
              tf.layers.dense({ units: 4, activation: 'tanh' }),
              tf.layers.dense({ units: 1 }),
            ],
          }),
        };
      };
      const { layer, model } = build(1);
      layer.setWeights(
        [
          [1, 2],
          [0, 5],
          [10, 20],
          [4, 9],
        ].map((v) => tf.tensor1d(v)),
      );
      const sample = tf.tensor3d([10, 12, 14, 20, 23, 26], [1, 2, 3]);
      const computed = [...(layer.apply(sample, { training: false }) as tf.Tensor).dataSync()];
      // By hand: γ (x − mean) / √(variance + 0.001) + β.
      const byHand = [10, 12, 14].map((v) => (v - 10) / Math.sqrt(4.001));
      expect(Math.abs(computed[1] - byHand[1])).toBeGreaterThan(1);

      const [inputs, targets] = [tf.randomNormal([8, 2, 3], 0, 1, 'float32', 1), tf.zeros([8, 1])];
      // What computes with the model at once, and not by a callback.
      const now = [
        (given: tf.LayersModel) => predict(given, inputs, { samples: 2 }),
        (given: tf.LayersModel) => toInferenceModel(given, { samples: 2 }),
        (given: tf.LayersModel) =>
          toInferenceModel(new Ensemble([given, injectNoise(build(-1).model)]), { samples: 2 }),
        (given: tf.LayersModel) => predict(repeating(given), tf.zeros([2, 2, 2, 3])),
      ];
      const repeating = (given: tf.LayersModel) =>
        tf.sequential({ layers: [tf.layers.timeDistributed({ layer: given, inputShape: [2, 2, 3] })] });
      const wrong = injectNoise(model);
      const right = injectNoise(build(-1).model);
      for (const compute of now) {
        expect(() => compute(wrong)).toThrow(
          `norm_${backend}_1 normalizes axis 1, which the backend ${backend}`,
        );
        expect(() => compute(right)).not.toThrow();
      }
      const run = (given: tf.LayersModel) => {
        const noisy = injectNoise(given);
        noisy.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
        return message(
          crossRegularization({ regularizationData: [inputs, targets] }).trainOnBatch(noisy, inputs, targets),
        );
      };
      expect(await run(model)).toContain(
        `norm_${backend}_1 normalizes axis 1, which the backend ${backend} of TensorFlow.js computes wrongly`,
      );
      expect(await run(build(-1).model)).toBe('accepted');
    } finally {
      await tf.setBackend('cpu');
    }
  },
);
