import './registerKernels';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { floats, relativeError, wasm } from '../test/agreement';
import { useWasm } from './useWasm';

beforeAll(() => tf.setBackend('wasm'));
afterAll(() => useWasm({ threads: 1 }));

type Options = Parameters<typeof layers.batchNormalization>[0];

/** y, the gradients by x, γ and β, and the moving averages after one call in training. */
function trained(shape: number[], options: Options = {}, shift = 0) {
  return tf.tidy(() => {
    const layer = layers.batchNormalization({ epsilon: 0.01, ...options });
    layer.build(shape);
    const channels = shape[shape.length - 1];
    const [gamma, beta] = [1, 2].map((seed) => tf.tensor(floats([channels], seed).values));
    const weights = layer.trainableWeights;
    for (const weight of weights) weight.write(weight.originalName.endsWith('gamma') ? gamma : beta);
    const x = tf.tensor(
      floats(shape, 3).values.map((value) => value + shift),
      shape,
    );
    const dy = tf.tensor(floats(shape, 4).values, shape);
    const y = layer.apply(x, { training: true }) as tf.Tensor;
    const variables = weights.map((weight) => weight.read());
    const loss = () => tf.sum(tf.mul(dy, layer.apply(x, { training: true }) as tf.Tensor)) as tf.Scalar;
    const grads = variables.length > 0 ? tf.variableGrads(loss, variables as tf.Variable[]).grads : {};
    const byX = tf.grad((each) => layer.apply(each, { training: true }) as tf.Tensor)(x, dy);
    const results = [
      y,
      byX,
      ...variables.map((each) => grads[(each as tf.Variable).name]),
      ...layer.nonTrainableWeights.map((w) => w.read()),
    ];
    const numbers = results.map((each) => Array.from(each.dataSync()));
    for (const weight of layer.weights) weight.dispose();
    return numbers;
  });
}

async function on<R>(backend: string, f: () => R): Promise<R> {
  await tf.setBackend(backend);
  try {
    return f();
  } finally {
    await tf.setBackend('wasm');
  }
}

describe('agrees with tfjs’s own on cpu', () => {
  test.each([[[7, 5]], [[130, 3]], [[3, 4, 5]], [[2, 9, 8, 6]], [[1, 17, 19, 33]]])(
    'shape %j',
    async (shape) => {
      const expected = await on('cpu', () => trained(shape));
      const before = [wasm().numDataIds(), tf.memory().numTensors];
      const actual = trained(shape);
      expect([wasm().numDataIds(), tf.memory().numTensors]).toEqual(before);
      actual.forEach((values, i) => {
        expect(relativeError(values, expected[i])).toBeLessThan(1e-4);
      });
    },
  );
});

test('a mean far from 0 costs no digits of the variance', () => {
  const [y] = trained([400, 4]);
  const [shifted] = trained([400, 4], {}, 1000);
  // Input rounded at 1000 is off by 3e-5 of the deviation.
  expect(relativeError(shifted, y)).toBeLessThan(2e-4);
});

test.each([[{ scale: false }], [{ center: false }], [{ scale: false, center: false }]])(
  '%j, which tfjs cannot train',
  (options) => {
    const [y] = trained([50, 3], options);
    const [gamma, beta] = [1, 2].map((seed) => floats([3], seed).values);
    const x = floats([50, 3], 3).values;
    for (let c = 0; c < 3; c++) {
      const column = Array.from({ length: 50 }, (_, r) => x[3 * r + c]);
      const mean = column.reduce((a, b) => a + b) / 50;
      const variance = column.reduce((a, b) => a + (b - mean) ** 2, 0) / 50;
      column.forEach((value, r) => {
        const normalized = (value - mean) / Math.sqrt(variance + 0.01);
        const scaled = 'scale' in options ? normalized : normalized * gamma[c];
        expect(y[3 * r + c]).toBeCloseTo('center' in options ? scaled : scaled + beta[c], 4);
      });
    }
  },
);

test('tfjs handles channels that are not last', async () => {
  const y = () =>
    tf
      .tidy(() => {
        const x = tf.tensor(floats([6, 4, 4], 1).values, [6, 4, 4]);
        return layers.batchNormalization({ axis: 1 }).apply(x, { training: true }) as tf.Tensor;
      })
      .dataSync() as unknown as number[];
  const expected = await on('cpu', y);
  expect(relativeError(y(), expected)).toBeLessThan(1e-5);
});

test('the gradient by the input is that of finite differences', () => {
  const shape = [5, 2];
  const { values } = floats(shape, 3);
  const [, gradient] = trained(shape);
  const dy = floats(shape, 4).values;
  const [gamma, beta] = [1, 2].map((seed) => floats([2], seed).values);
  /** Σ dy · y in float64, by the definition. */
  const loss = (x: readonly number[]) => {
    let total = 0;
    for (let c = 0; c < 2; c++) {
      const column = [0, 1, 2, 3, 4].map((r) => x[2 * r + c]);
      const mean = column.reduce((a, b) => a + b) / 5;
      const variance = column.reduce((a, b) => a + (b - mean) ** 2, 0) / 5;
      column.forEach((value, r) => {
        total += dy[2 * r + c] * (((value - mean) / Math.sqrt(variance + 0.01)) * gamma[c] + beta[c]);
      });
    }
    return total;
  };
  values.forEach((_, i) => {
    const moved = (by: number) => [...values].map((value, j) => value + (i === j ? by : 0));
    expect(gradient[i]).toBeCloseTo((loss(moved(1e-5)) - loss(moved(-1e-5))) / 2e-5, 4);
  });
});

test('the same numbers on two threads', async () => {
  const shape = [16, 32, 32, 24];
  await useWasm({ threads: 1 });
  const one = trained(shape);
  await useWasm({ threads: 2 });
  expect(trained(shape)).toEqual(one);
});

test('moving averages are those of tfjs’s operations, to the last bit', () => {
  const value = 0.1234567;
  const layer = layers.batchNormalization({ momentum: 0.97 });
  layer.build([null, 6]);
  const old = tf.tensor(floats([6], 1).values);
  for (const weight of layer.nonTrainableWeights) weight.write(old);
  // The mean of equal values is that value and their variance 0, without rounding.
  layer.apply(tf.fill([8, 6], value), { training: true });
  const next = (statistic: number) => tf.sub(old, tf.mul(tf.sub(old, statistic), 1 - 0.97)).dataSync();
  const [mean, variance] = layer.nonTrainableWeights.map((weight) => weight.read().dataSync());
  expect(mean).toEqual(next(value));
  expect(variance).toEqual(next(0));
});

test('a model trains in two kernels a normalization and direction', async () => {
  const model: LayersModel = sequential({
    layers: [
      layers.dense({ units: 8, inputShape: [4] }),
      layers.batchNormalization(),
      layers.reLU(),
      layers.dense({ units: 1 }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
  const [x, y] = [tf.ones([6, 4]), tf.ones([6, 1])];
  await model.trainOnBatch(x, y);
  const { kernels } = await tf.profile((() => model.trainOnBatch(x, y)) as never);
  const names = kernels.map(({ name }) => name);
  const count = (name: string) => names.filter((each) => each === name).length;
  expect(count('CrossregNormalizeBatch')).toBe(1);
  expect(count('CrossregBatchNormSums')).toBe(1);
  expect(count('CrossregNormalizeBatchInput')).toBe(1);
  expect(count('FusedBatchNorm')).toBe(0);
  // The moving averages have none.
  expect(count('Sub')).toBe(1);
});
