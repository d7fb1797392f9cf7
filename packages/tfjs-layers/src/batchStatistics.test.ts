import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { withBatchStatistics } from './batchStatistics';
import { hookNoise } from './hookNoise';

tf.setBackend('cpu');

const network = () =>
  tf.sequential({
    layers: [
      tf.layers.dense({
        units: 4,
        inputShape: [3],
        kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }),
      }),
      tf.layers.batchNormalization({ name: 'norm', epsilon: 1e-6 }),
      tf.layers.dropout({ rate: 0.5 }),
    ],
  });
const pass = (model: tf.LayersModel, x: tf.Tensor) => model.apply(x, { training: false }) as tf.Tensor;
const x = tf.randomNormal([16, 3], 1, 2, 'float32', 3);

test('the output has mean 0 and variance 1 in every channel, by the batch; dropout stays off', () => {
  const out = withBatchStatistics(network(), () => pass(network(), x));
  expect(tf.moments(out, 0).mean.dataSync()[0]).not.toBeCloseTo(0, 2); // another model is left alone
  const model = network();
  const { mean, variance } = tf.moments(
    withBatchStatistics(model, () => pass(model, x)),
    0,
  );
  for (const m of mean.dataSync()) expect(m).toBeCloseTo(0, 5);
  for (const v of variance.dataSync()) expect(v).toBeCloseTo(1, 3);
});

test('moving statistics, the plain pass and the layer are as before, also after an error', () => {
  const model = network();
  const before = { out: pass(model, x).dataSync(), weights: model.getWeights().map((w) => w.dataSync()) };
  const tensors = tf.memory().numTensors;
  tf.dispose(withBatchStatistics(model, () => tf.tidy(() => pass(model, x))));
  expect(tf.memory().numTensors).toBe(tensors);
  expect(() =>
    withBatchStatistics(model, () => {
      throw new Error('in between');
    }),
  ).toThrow('in between');
  expect(pass(model, x).dataSync()).toEqual(before.out);
  expect(model.getWeights().map((w) => w.dataSync())).toEqual(before.weights);
  expect(Object.hasOwn(model.getLayer('norm'), 'call')).toBe(false);
});

test('noise that is hooked into the normalization stays hooked', () => {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 4, inputShape: [3] }),
      tf.layers.batchNormalization({ name: 'norm' }),
      tf.layers.reLU(),
      tf.layers.dense({ units: 1 }),
    ],
  });
  const hook = hookNoise(model);
  const own = Object.getOwnPropertyDescriptor(model.getLayer('norm'), 'call')?.value;
  withBatchStatistics(model, () => tf.dispose(pass(model, x)));
  expect(Object.getOwnPropertyDescriptor(model.getLayer('norm'), 'call')?.value).toBe(own);
  hook.dispose();
});
