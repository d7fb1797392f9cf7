import './register';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { floats } from '../test/agreement';

/** Losses of a few steps on fixed data from fixed weights. */
async function losses(backend: string): Promise<number[]> {
  await tf.setBackend(backend);
  const glorot = (seed: number) => tfl.initializers.glorotUniform({ seed });
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        inputShape: [8, 8, 3],
        filters: 8,
        kernelSize: 3,
        padding: 'same',
        kernelInitializer: glorot(1),
      }),
      tfl.layers.batchNormalization(),
      tfl.layers.reLU(),
      tfl.layers.conv2d({
        filters: 12,
        kernelSize: 3,
        strides: 2,
        activation: 'relu',
        kernelInitializer: glorot(2),
      }),
      tfl.layers.maxPooling2d({ poolSize: 2, strides: 1 }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 4, activation: 'softmax', kernelInitializer: glorot(3) }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy' });
  const x = tf.tensor(floats([16, 8, 8, 3], 5).values, [16, 8, 8, 3]);
  const y = tf.oneHot(
    tf.tensor1d(
      Array.from({ length: 16 }, (_, i) => i % 4),
      'int32',
    ),
    4,
  );
  const history: number[] = [];
  const tensors: number[] = [];
  for (let step = 0; step < 8; step++) {
    history.push((await model.trainOnBatch(x, y)) as number);
    tensors.push(tf.memory().numTensors);
  }
  expect(new Set(tensors.slice(2)).size).toBe(1);
  tf.dispose([x, y]);
  model.dispose();
  return history;
}

test('a convolutional net with batch norm and Adam trains on wasm as on cpu', async () => {
  const expected = await losses('cpu');
  const actual = await losses('wasm');
  expect(expected[7]).toBeLessThan(expected[0]);
  actual.forEach((loss, i) => {
    expect(loss).toBeCloseTo(expected[i], 3);
  });
});
