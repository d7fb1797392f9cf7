import { seedNoise } from '@crossreg/tfjs';
import { predict, randomLayers } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { SelfAttention } from './attention.mjs';
import { Dropout } from './dropout.mjs';
import { MultiplicativeNoise } from './multiplicativeNoise.mjs';
import { networks } from './networks.mjs';
import { trainSteps } from './training.mjs';

beforeAll(() => tf.setBackend('cpu'));

test('dropout zeroes its share, keeps the mean, draws a new mask every time, and is off at inference', () => {
  const layer = new Dropout({ rate: 0.25 });
  const ones = tf.ones([100, 100]);
  seedNoise(1);
  const [first, second] = [0, 1].map(() => [...layer.apply(ones, { training: true }).dataSync()]);
  const dropped = first.filter((v) => v === 0).length;
  // Binomial(10,000, 1/4) has a standard deviation of 43. Five of them are exceeded for one seed in 1.7 million.
  expect(Math.abs(dropped - 2500)).toBeLessThan(5 * 43.3);
  expect(new Set(first)).toEqual(new Set([0, Math.fround(4 / 3)]));
  expect(second).not.toEqual(first);
  seedNoise(1);
  expect([...layer.apply(ones, { training: true }).dataSync()]).toEqual(first);
  expect(new Set(layer.apply(ones).dataSync())).toEqual(new Set([1]));
});

test('multiplicative noise has mean x and deviation σ |x|', () => {
  const input = tf.input({ shape: [2] });
  const layer = new MultiplicativeNoise({ name: 'noise', initialSigma: 0.5 });
  const model = tf.model({ inputs: input, outputs: layer.apply(input) });
  expect(randomLayers(model)).toEqual([layer]);
  const { mean, variance } = predict(model, tf.tensor2d([[2, -4]]), { samples: 4000 });
  // The standard errors of the mean are 0.016 and 0.032, of the deviation 0.011 and 0.022. The bounds are five of them.
  const [m, v] = [mean.dataSync(), variance.dataSync()];
  expect(Math.abs(m[0] - 2)).toBeLessThan(0.08);
  expect(Math.abs(m[1] + 4)).toBeLessThan(0.16);
  expect(Math.abs(Math.sqrt(v[0]) - 1)).toBeLessThan(0.056);
  expect(Math.abs(Math.sqrt(v[1]) - 2)).toBeLessThan(0.112);
});

test('attention is the softmax of its definition', () => {
  const [batch, tokens, width, heads] = [2, 3, 4, 2];
  const layer = new SelfAttention({ heads, seed: 1 });
  const x = tf.randomNormal([batch, tokens, width], 0, 1, 'float32', 1);
  const y = layer.apply(x).arraySync();
  const [projection, mixing] = layer.getWeights().map((w) => w.arraySync());
  const times = (row, matrix) =>
    matrix[0].map((_, j) => row.reduce((sum, v, i) => sum + v * matrix[i][j], 0));
  x.arraySync().forEach((sequence, b) => {
    const projected = sequence.map((token) => times(token, projection));
    const size = width / heads;
    const part = (token, which, head) =>
      projected[token].slice(which * width + head * size, which * width + (head + 1) * size);
    const dot = (a, c) => a.reduce((sum, v, i) => sum + v * c[i], 0);
    sequence.forEach((_, t) => {
      const mixed = Array.from({ length: heads }, (_, head) => {
        const weights = sequence.map((_, u) =>
          Math.exp(dot(part(t, 0, head), part(u, 1, head)) / Math.sqrt(size)),
        );
        const total = weights.reduce((a, c) => a + c);
        return Array.from({ length: size }, (_, i) =>
          weights.reduce((sum, w, u) => sum + (w / total) * part(u, 2, head)[i], 0),
        );
      }).flat();
      times(mixed, mixing).forEach((v, i) => {
        expect(y[b][t][i]).toBeCloseTo(v, 5);
      });
    });
  });
});

test('weight decay shrinks kernels in whatever order models are made', async () => {
  const trained = async (weightDecay) => {
    const model = networks.vgg({ seed: 1, inputShape: [4, 4, 1], blocks: [[2]], dense: 3 });
    model.compile({ optimizer: tf.train.sgd(0), loss: 'categoricalCrossentropy' });
    const set = { x: tf.ones([2, 4, 4, 1]), y: tf.oneHot([0, 1], 10).cast('float32') };
    await trainSteps({
      model,
      set,
      order: () => [0, 1],
      seed: 1,
      from: 0,
      to: 1,
      rateAt: () => 1e-6,
      weightDecay,
      clock: { theta: 0, rho: 0 },
      onStep: () => {},
    });
    return model.getLayer('conv1_1').getWeights()[0].dataSync();
  };
  const plain = await trained(0);
  const decayed = await trained(5e5);
  plain.forEach((v, i) => {
    expect(decayed[i]).toBeCloseTo(v / 2, 5);
  });
});
