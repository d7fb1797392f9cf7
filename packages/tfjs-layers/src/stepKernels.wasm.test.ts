import '@tensorflow/tfjs';
import '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { injectNoise } from './injectNoise';

beforeAll(() => tf.setBackend('wasm'));

/** Two convolutions with batch norm and two dense layers. */
function network() {
  const block = (options: object) => [
    tf.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', ...options }),
    tf.layers.batchNormalization(),
    tf.layers.reLU(),
  ];
  return tf.sequential({
    layers: [
      ...block({ inputShape: [6, 6, 1] }),
      ...block({}),
      tf.layers.flatten(),
      tf.layers.dense({ units: 8, activation: 'relu' }),
      tf.layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
}

async function counted(f: () => Promise<unknown>): Promise<Record<string, number>> {
  // tf.profile also counts kernels across awaits.
  const { kernels } = await tf.profile(f as never);
  const counts: Record<string, number> = {};
  for (const { name } of kernels) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

test('a training step and a ρ step compute only the gradients that they need', async () => {
  const model = injectNoise(network());
  model.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy' });
  const x = tf.randomUniform([8, 6, 6, 1], 0, 1, 'float32', 1);
  const y = tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], 'int32'), 3).cast('float32');
  const cross = crossRegularization({ regularizationData: [x, y], every: 1, samples: 2 });
  cross.setModel(model);
  await cross.onTrainBegin();
  await model.trainOnBatch(x, y);

  const training = await counted(() => model.trainOnBatch(x, y));
  expect(training.Conv2DBackpropFilter).toBe(2);
  // Of the second convolution: the first one's input is the images.
  expect(training.Conv2DBackpropInput).toBe(1);
  expect(training.CrossregNoiseProducts).toBeUndefined();

  const rho = await counted(() => cross.onBatchEnd(0));
  expect(rho.Conv2DBackpropFilter).toBeUndefined();
  expect(rho.CrossregBatchNormSums).toBeUndefined();
  // One of each layer behind the first noise.
  expect(rho.Conv2DBackpropInput).toBe(1);
  // Two dense layers: a product by their input, none by their kernel.
  expect(rho.BatchMatMul).toBe(2);
  // Of each noise layer. The pairs ±ε are one array, which nothing takes apart; its examples are joined once.
  expect(rho.CrossregNoiseProducts).toBe(3);
  expect(rho.SplitV).toBeUndefined();
  expect(rho.Concat).toBe(1);
  expect(rho.CrossregAdam).toBeUndefined();
});
