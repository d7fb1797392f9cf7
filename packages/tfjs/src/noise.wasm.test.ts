import '@tensorflow/tfjs';
import '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { addNoise, deriveKey, fillGaussian, gaussian } from './noise';

beforeAll(() => tf.setBackend('wasm'));

test('the kernels of tfjs-wasm draw the stream of fillGaussian', () => {
  for (const seed of [1, 2, 3]) {
    const n = 200_003;
    const portable = new Float32Array(n);
    fillGaussian(portable, deriveKey(seed));
    const kernel = gaussian([n], deriveKey(seed)).dataSync();
    const differences = portable.map((v, i) => Math.abs(v - kernel[i])).sort();
    // float32 rounds the logarithm where the radius is next to 0: once in 10,000 numbers, and never by much.
    expect(differences[Math.floor(n * 0.9999)]).toBeLessThan(1e-5);
    expect(differences[n - 1]).toBeLessThan(4e-4);
  }
});

test('addNoise takes whole numbers (the kernel read their bits as float32)', async () => {
  const run = async (backend: string) => {
    await tf.setBackend(backend);
    const { numTensors } = tf.memory();
    const [x, scale] = [tf.tensor1d([100, 200, 255], 'int32'), tf.scalar(0.5)];
    const noisy = addNoise(x, scale, deriveKey(9));
    expect(tf.memory().numTensors).toBe(numTensors + 3);
    return [...noisy.dataSync()];
  };
  const [cpu, wasm] = [await run('cpu'), await run('wasm')];
  const noise = new Float32Array(3);
  fillGaussian(noise, deriveKey(9));
  [100, 200, 255].forEach((v, i) => {
    expect(cpu[i]).toBeCloseTo(v + 0.5 * noise[i], 4);
    expect(wasm[i]).toBeCloseTo(v + 0.5 * noise[i], 4);
  });
});

test.each(['cpu', 'wasm'])(
  'the gradient by the scale is differentiable in turn (%s: wasm knew no gradient of its kernel)',
  async (backend) => {
    await tf.setBackend(backend);
    const [x, scale, w] = [tf.linspace(-1, 1, 24).reshape([2, 3, 4]), tf.linspace(0.5, 2, 4), tf.scalar(0.7)];
    const key = deriveKey(9);
    const epsilon = gaussian([2, 3, 4], key);
    for (const s of [scale, tf.scalar(0.5)]) {
      // ∂/∂w Σ ∂L/∂s for L = Σ (w · (x + s · ε))³.
      const mixed = (noisy: (s: tf.Tensor) => tf.Tensor) =>
        tf.grad((v) => {
          const loss = (t: tf.Tensor) => tf.sum(tf.pow(tf.mul(v, noisy(t)), 3));
          return tf.sum(tf.grad(loss)(s));
        })(w);
      const actual = mixed((t) => addNoise(x, t, key)).dataSync()[0];
      const expected = mixed((t) => tf.add(x, tf.mul(t, epsilon))).dataSync()[0];
      expect(Math.abs(actual / expected - 1)).toBeLessThan(1e-4);
    }
  },
);

test.each(['cpu', 'wasm'])('a scale of whole numbers or booleans counts as numbers (%s)', async (backend) => {
  await tf.setBackend(backend);
  const x = tf.zeros([2, 3]);
  const noise = new Float32Array(6);
  fillGaussian(noise, deriveKey(9));
  const scales = [
    [tf.tensor1d([2, 0, 3], 'int32'), [2, 0, 3]],
    [tf.tensor1d([1, 0, 1], 'bool'), [1, 0, 1]],
  ] as const;
  for (const [scale, numbers] of scales) {
    const noisy = addNoise(x, scale, deriveKey(9)).dataSync();
    noisy.forEach((v, i) => {
      expect(v).toBeCloseTo(numbers[i % 3] * noise[i], 4);
    });
  }
});

test.each(['cpu', 'wasm'])(
  'a scale that is neither one number nor one for each channel is refused (%s)',
  async (backend) => {
    await tf.setBackend(backend);
    const x = tf.ones([2, 4]);
    // Of each example, of a wrong number of channels, of each number.
    for (const shape of [[2, 1], [3], [8], [1], [1, 4], [2, 4]]) {
      expect(() => addNoise(x, tf.ones(shape), deriveKey(1))).toThrow(
        `scale: must be a scalar, or [channels] with one number for each entry of the last axis of x [2,4], but is [${shape}].`,
      );
    }
    expect(() => addNoise(tf.scalar(1), tf.ones([1]), deriveKey(1))).toThrow('scale: must be a scalar');
    expect(() => addNoise(x, 0.5 as never, deriveKey(1))).toThrow('scale: must be a tensor, but is 0.5.');
  },
);

test('addNoise and its gradients agree with the portable path', async () => {
  const run = async (backend: string, perChannel: boolean) => {
    await tf.setBackend(backend);
    const x = tf.linspace(-1, 1, 210).reshape([5, 6, 7]);
    const weights = tf.cos(tf.linspace(0, 99, 210)).reshape([5, 6, 7]);
    const scale = perChannel ? tf.linspace(0.1, 2, 7) : tf.scalar(0.7);
    const f = (a: tf.Tensor, s: tf.Tensor) => tf.sum(tf.mul(weights, addNoise(a, s, deriveKey(9))));
    const { value, grads } = tf.valueAndGrads(f)([x, scale]);
    return [value, ...grads].flatMap((tensor) => [...tensor.dataSync()]);
  };
  for (const perChannel of [false, true]) {
    const [cpu, wasm] = [await run('cpu', perChannel), await run('wasm', perChannel)];
    wasm.forEach((v, i) => {
      expect(v).toBeCloseTo(cpu[i], 4);
    });
  }
});
