import * as tf from '@tensorflow/tfjs';
import { afterEach, expect, test } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { injectNoise, noiseLayers } from './injectNoise';
import { followNoise } from './movingStatistics';

tf.setBackend('cpu');

const kernelInitializer = () => tf.initializers.glorotUniform({ seed: 1 });
const network = (momentum?: number) =>
  tf.sequential({
    layers: [
      tf.layers.dense({
        units: 6,
        inputShape: [3],
        activation: 'relu',
        kernelInitializer: kernelInitializer(),
      }),
      tf.layers.dense({ units: 4, kernelInitializer: kernelInitializer() }),
      tf.layers.batchNormalization({ name: 'norm', momentum }),
      tf.layers.dense({ units: 1 }),
    ],
  });
const momentumOf = (model: tf.LayersModel) => model.getLayer('norm').getConfig().momentum;
let cross: ReturnType<typeof crossRegularization> | undefined;
afterEach(() => cross?.dispose());

const x = tf.randomNormal([64, 3], 0, 1, 'float32', 1);
const y = tf.sum(x, 1, true);
const train = async (model: tf.LayersModel, epochs: number) => {
  await model.fit(x, y, { epochs, batchSize: 64, verbose: 0, callbacks: cross });
};
const compile = (model: tf.LayersModel) =>
  model.compile({ optimizer: tf.train.sgd(1e-9), loss: 'meanSquaredError' });

// The weights and the data have seeds; the remaining randomness changes the ratio by 0.01 about 0.09.
test('30 steps after a jump of σ, the moving mean is that of inputs with the new noise', async () => {
  const model = injectNoise(network());
  compile(model);
  cross = crossRegularization({ regularizationData: [x, y], warmUp: 1000 });
  await train(model, 60);
  const [{ variable }] = noiseLayers(model)[0].regularizationParameters();
  (variable as tf.Variable).assign(tf.fill(variable.shape, Math.log(3)));
  const before = (model.getLayer('norm').getWeights()[2] as tf.Tensor).dataSync();
  await train(model, 30);
  const moving = (model.getLayer('norm').getWeights()[2] as tf.Tensor).dataSync();
  await train(model, 100);
  const settled = (model.getLayer('norm').getWeights()[2] as tf.Tensor).dataSync();
  const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Math.hypot(...Array.from(a, (v, i) => v - b[i]));
  expect(distance(before, settled)).toBeGreaterThan(0.5);
  // 0.9³⁰ = 0.04 of the way is left, and 64 draws of the noise; at 0.99 it would be 0.74.
  expect(distance(moving, settled)).toBeLessThan(0.3 * distance(before, settled));
});

test('the momentum is restored when the callback is disposed', async () => {
  const model = network();
  compile(model);
  cross = crossRegularization({ regularizationData: [x, y], noise: true });
  await train(model, 1);
  expect(momentumOf(model)).toBe(0.9);
  cross.dispose();
  expect(momentumOf(model)).toBe(0.99);
});

test('a lower momentum, and the momentum of a model without noise, are not changed', () => {
  const model = network(0.5);
  followNoise(model);
  expect(momentumOf(model)).toBe(0.5);
});
