import './registerKernels';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { floats, relativeError, wasm } from '../test/agreement';

beforeAll(() => tf.setBackend('wasm'));

const dense = (options: object = {}) => layers.dense({ units: 5, activation: 'relu', ...options });
const conv = (options: object = {}) =>
  layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', padding: 'same', ...options });
const cases: [string, () => layers.Layer, number[]][] = [
  ['dense', () => dense(), [6, 7]],
  ['dense without a bias', () => dense({ useBias: false }), [6, 7]],
  ['dense over sequences', () => dense(), [2, 3, 7]],
  ['dense with another activation', () => dense({ activation: 'tanh' }), [6, 7]],
  ['convolution', () => conv(), [2, 6, 5, 3]],
  ['strided convolution, no padding', () => conv({ strides: 2, padding: 'valid' }), [2, 7, 7, 3]],
  ['convolution without a bias', () => conv({ useBias: false }), [2, 6, 5, 3]],
];

/** The output, its gradients by the input and by the weights. */
function results(make: () => layers.Layer, shape: number[]) {
  return tf.tidy(() => {
    const layer = make();
    layer.build(shape);
    layer.setWeights(layer.getWeights().map((w, i) => tf.tensor(floats(w.shape, i + 1).values, w.shape)));
    const x = tf.tensor(floats(shape, 7).values, shape);
    const y = layer.apply(x) as tf.Tensor;
    const dy = tf.tensor(floats(y.shape, 8).values, y.shape);
    const byX = tf.grad((each) => layer.apply(each) as tf.Tensor)(x, dy);
    const variables = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const { value, grads } = tf.variableGrads(
      () => tf.sum(tf.mul(dy, layer.apply(x) as tf.Tensor)) as tf.Scalar,
      variables,
    );
    const numbers = [y, byX, value, ...variables.map(({ name }) => grads[name])].map((each) =>
      Array.from(each.dataSync()),
    );
    for (const weight of layer.weights) weight.dispose();
    return numbers;
  });
}

test.each(cases)('%s: output and gradients are those of cpu', async (_name, make, shape) => {
  await tf.setBackend('cpu');
  const expected = results(make, shape);
  await tf.setBackend('wasm');
  const before = [wasm().numDataIds(), tf.memory().numTensors];
  const actual = results(make, shape);
  expect([wasm().numDataIds(), tf.memory().numTensors]).toEqual(before);
  // Not one all zeros, and not one all positive: the activation is in use.
  if (!_name.includes('another')) expect(new Set(expected[0].map((value) => value > 0)).size).toBe(2);
  actual.forEach((values, i) => {
    expect(relativeError(values, expected[i])).toBeLessThan(1e-5);
  });
});

describe('kernels', () => {
  const count = async (f: () => void, name: string) => {
    const { kernels } = await tf.profile(() => tf.tidy(f) as never);
    return kernels.filter((each) => each.name === name).length;
  };
  const x = () => tf.tensor(floats([6, 7], 1).values, [6, 7]);

  test('a gradient takes one pass for product, bias and activation, and none for an input that needs no gradient', async () => {
    const layer = dense();
    layer.build([6, 7]);
    const variables = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const step = () => {
      tf.variableGrads(() => tf.sum(layer.apply(x()) as tf.Tensor), variables);
    };
    expect(await count(step, 'Relu')).toBe(0);
    expect(await count(step, 'Add')).toBe(0);
    expect(await count(step, 'CrossregRectifierGradient')).toBe(1);
    expect(await count(step, 'BatchMatMul')).toBe(1);
  });

  test('second derivatives are those of tfjs', () => {
    const layer = dense({ units: 1, kernelInitializer: 'ones', useBias: false });
    layer.build([1, 2]);
    // (x₁ + x₂)² for a positive sum: the gradient is 2(x₁ + x₂), its sum's gradient 4.
    const f = (each: tf.Tensor) => tf.sum(tf.square(layer.apply(each) as tf.Tensor));
    const second = tf.grad((each) => tf.sum(tf.grad(f)(each)))(tf.tensor2d([1, 2], [1, 2]));
    expect(Array.from(second.dataSync())).toEqual([4, 4]);
  });
});
