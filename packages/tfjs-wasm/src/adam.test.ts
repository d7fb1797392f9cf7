import './registerKernels';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { floats, relativeError } from '../test/agreement';

const shapes = [[1], [7], [33, 65], [3, 3, 4, 5]];

/** Values of all variables after some steps from fixed values along fixed gradients, and the optimizer's weights. */
async function trajectory(
  backend: string,
  steps: number,
  change?: (optimizer: tf.AdamOptimizer) => Promise<void>,
) {
  await tf.setBackend(backend);
  const optimizer = tf.train.adam(0.02, 0.8, 0.99);
  const variables = shapes.map((shape, i) => tf.tensor(floats(shape, i).values, shape).variable());
  for (let step = 0; step < steps; step++) {
    tf.tidy(() => {
      const gradients = Object.fromEntries(
        variables.map(({ name, shape }, i) => [name, tf.tensor(floats(shape, 10 * step + i).values, shape)]),
      );
      optimizer.applyGradients(gradients as unknown as Parameters<typeof optimizer.applyGradients>[0]);
    });
    if (step === 1) await change?.(optimizer);
  }
  const weights = await optimizer.getWeights();
  const result = [...variables, ...weights.slice(1).map(({ tensor }) => tensor)].map((t) =>
    Array.from(t.dataSync()),
  );
  tf.dispose(variables);
  tf.dispose(weights[0].tensor);
  optimizer.dispose();
  return result;
}

test('the fused update follows the trajectory of tfjs on cpu, moments included', async () => {
  const expected = await trajectory('cpu', 20);
  const actual = await trajectory('wasm', 20);
  expect(actual).toHaveLength(expected.length);
  actual.forEach((values, i) => {
    expect(relativeError(values, expected[i])).toBeLessThan(1e-5);
  });
});

test('it goes on from saved weights', async () => {
  const reload = async (optimizer: tf.AdamOptimizer) => {
    const weights = await optimizer.getWeights();
    const copies = weights.map(({ name, tensor }) => ({ name, tensor: tensor.clone() }));
    await optimizer.setWeights(copies);
  };
  const expected = await trajectory('cpu', 6, reload);
  const actual = await trajectory('wasm', 6, reload);
  actual.forEach((values, i) => {
    expect(relativeError(values, expected[i])).toBeLessThan(1e-5);
  });
});

test('values read before a step stay as they were: variables share memory with their clones', async () => {
  await tf.setBackend('wasm');
  const optimizer = tf.train.adam(0.1);
  const variable = tf.variable(tf.tensor1d([1, 2, 3]));
  const before = variable.clone();
  const tensors = tf.memory().numTensors;
  tf.tidy(() => optimizer.applyGradients({ [variable.name]: tf.tensor1d([1, 1, 1]) as tf.Variable }));
  expect(Array.from(before.dataSync())).toEqual([1, 2, 3]);
  expect(variable.dataSync()[0]).toBeCloseTo(0.9, 5);
  expect(tf.memory().numTensors).toBe(tensors + 2); // the two moments
  optimizer.dispose();
  tf.dispose([variable, before]);
});
