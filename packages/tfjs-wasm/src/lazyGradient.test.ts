import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { floats, relativeError, wasm } from '../test/agreement';
import './registerKernels';

beforeAll(() => tf.setBackend('wasm'));
afterEach(() => tf.setBackend('wasm'));

/** How often kernels of these names ran in f. */
async function counted(f: () => unknown): Promise<Record<string, number>> {
  const { kernels } = await tf.profile(() => tf.tidy(() => void f()) as never);
  const counts: Record<string, number> = {};
  for (const { name } of kernels) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

const tensor = (shape: number[], seed: number) => tf.tensor(floats(shape, seed).values, shape);
type Operands = [x: tf.Tensor, w: tf.Tensor, bias: tf.Tensor];

const products: Record<string, [shapes: number[][], f: (...operands: tf.Tensor[]) => tf.Tensor]> = {
  convolution: [
    [[2, 7, 6, 3], [3, 2, 3, 5], [5]],
    (x, filter, bias) =>
      tf.fused.conv2d({
        ...{ x: x as tf.Tensor4D, filter: filter as tf.Tensor4D, bias },
        ...{ strides: [2, 1], pad: 'same' },
      }),
  ],
  'convolution of one image': [
    [[7, 6, 3], [3, 2, 3, 5], [5]],
    (x, filter, bias) =>
      // On other backends, the gradient of tfjs fails for this one.
      tf.getBackend() === 'wasm'
        ? tf.fused.conv2d({ x: x as tf.Tensor3D, filter: filter as tf.Tensor4D, bias, strides: 1, pad: 1 })
        : tf.add(tf.conv2d(x as tf.Tensor3D, filter as tf.Tensor4D, 1, 1), bias),
  ],
  ...Object.fromEntries(
    [false, true].flatMap((transposeA) =>
      [false, true].map((transposeB) => [
        `matrices, ${transposeA ? 'Aᵀ' : 'A'} ${transposeB ? 'Bᵀ' : 'B'}`,
        [
          [transposeA ? [5, 4] : [4, 5], transposeB ? [6, 5] : [5, 6], [6]],
          (a: tf.Tensor, b: tf.Tensor, bias: tf.Tensor) =>
            tf.fused.matMul({ a, b, bias, transposeA, transposeB }),
        ],
      ]),
    ),
  ),
  'batches of matrices': [
    [[3, 4, 5], [3, 5, 6], [6]],
    (a, b, bias) => tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias }),
  ],
};

describe.each(Object.entries(products))('%s', (_name, [shapes, f]) => {
  /** The gradients by the chosen operands, the others constant. */
  const gradients = async (backend: string, chosen: readonly number[]) => {
    await tf.setBackend(backend);
    return tf.tidy(() => {
      const operands = shapes.map(tensor) as Operands;
      const dy = tensor(f(...operands).shape, 9);
      const partial = (...some: tf.Tensor[]) =>
        f(...operands.map((each, i) => (chosen.includes(i) ? some[chosen.indexOf(i)] : each)));
      const inputs = chosen.map((i) => operands[i]);
      return tf
        .grads(partial)(inputs, dy)
        .map((g) => [g.shape, Array.from(g.dataSync())] as const);
    });
  };

  test.each([[[0, 1, 2]], [[0]], [[1]], [[2]], [[0, 2]]])(
    'gradients by %j are those of cpu',
    async (chosen) => {
      const expected = await gradients('cpu', chosen);
      const before = [wasm().numDataIds(), tf.memory().numTensors];
      const actual = await gradients('wasm', chosen);
      expect([wasm().numDataIds(), tf.memory().numTensors]).toEqual(before);
      actual.forEach(([shape, values], i) => {
        expect(shape).toEqual(expected[i][0]);
        expect(relativeError(values, expected[i][1])).toBeLessThan(1e-5);
      });
    },
  );
});

describe('kernels of a gradient', () => {
  const conv = (x: tf.Tensor, filter: tf.Tensor) =>
    tf.fused.conv2d({ x: x as tf.Tensor4D, filter: filter as tf.Tensor4D, strides: 1, pad: 'same' });
  const layers = (x: tf.Tensor, weights: readonly tf.Tensor[]) =>
    tf.fused.matMul({
      a: tf.reshape(conv(conv(x, weights[0]), weights[1]), [2, -1]),
      b: weights[2] as tf.Tensor2D,
    });
  const operands = () =>
    [
      [2, 4, 4, 3],
      [3, 3, 3, 4],
      [3, 3, 4, 4],
      [64, 10],
    ].map(tensor);

  test('by all weights: no gradient of the images', async () => {
    const [x, ...weights] = operands();
    const counts = await counted(() => tf.grads((...w) => layers(x, w))(weights));
    expect(counts.Conv2DBackpropFilter).toBe(2);
    expect(counts.Conv2DBackpropInput).toBe(1);
    expect(counts.BatchMatMul).toBe(2);
  });

  test('by what comes before a layer: no gradient of weights', async () => {
    const [x, ...weights] = operands();
    const counts = await counted(() => tf.grad((before) => layers(before, weights))(x));
    expect(counts.Conv2DBackpropFilter).toBeUndefined();
    expect(counts.Conv2DBackpropInput).toBe(2);
    expect(counts.BatchMatMul).toBe(1);
  });
});

test('second derivatives are those of tfjs', () => {
  // (xw)² summed: ∂²/∂x∂x summed is 2 Σⱼ (Σ of w's rows)ⱼ, by hand for x of one row.
  const w = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
  const f = (x: tf.Tensor) => tf.sum(tf.square(tf.fused.matMul({ a: x as tf.Tensor2D, b: w })));
  const second = tf.grad((x) => tf.sum(tf.grad(f)(x)))(tf.tensor2d([1, -1, 2], [1, 3]));
  const sums = [1 + 3 + 5, 2 + 4 + 6];
  const expected = [0, 1, 2].map((row) => 2 * (sums[0] * (2 * row + 1) + sums[1] * (2 * row + 2)));
  expect(Array.from(second.dataSync())).toEqual(expected);
});

test('a custom gradient of the user is not touched', () => {
  const straightThrough = tf.customGrad((x) => ({
    value: tf.fused.matMul({ a: x as tf.Tensor2D, b: tf.tensor2d([3], [1, 1]) }),
    gradFunc: (dy: tf.Tensor) => tf.mul(dy, 7),
  }));
  const g = tf.grad((x) => straightThrough(x))(tf.ones([1, 1]));
  expect(g.dataSync()[0]).toBe(7);
});
