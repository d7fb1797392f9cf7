import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { floats, relativeError, wasm } from '../test/agreement';

beforeAll(() => tf.setBackend('wasm'));

type Attrs = { k0: number; k1: number } & Record<string, unknown>;
const run = (kernel: string, inputs: Record<string, tf.Tensor>, attrs: Attrs) =>
  tf.engine().runKernel(kernel, inputs, attrs as unknown as tf.NamedAttrMap) as tf.Tensor;
const numbers = (kernel: string, inputs: Record<string, tf.Tensor>, attrs: Attrs) => {
  const out = run(kernel, inputs, attrs);
  const values = out.dataSync() as Float32Array;
  out.dispose();
  return values;
};
const draw = (n: number, k0: number, k1: number) => numbers('CrossregGaussian', {}, { shape: [n], k0, k1 });

const N = 1_000_000;
const mean = (n: number, f: (i: number) => number) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += f(i);
  return sum / n;
};

// Every bound below is 5 standard errors of the statistic under N(0, 1): one false alarm in 1.7 million.
describe('Gaussian numbers', () => {
  test('moments, tails and independence of neighbours and streams', () => {
    const x = draw(N, 12345, -987654321);
    const bound = 5 / Math.sqrt(N);
    expect(Math.abs(mean(N, (i) => x[i]))).toBeLessThan(bound);
    expect(Math.abs(mean(N, (i) => x[i] ** 2) - 1)).toBeLessThan(bound * Math.sqrt(2));
    expect(Math.abs(mean(N, (i) => x[i] ** 3))).toBeLessThan(bound * Math.sqrt(15));
    expect(Math.abs(mean(N, (i) => x[i] ** 4) - 3)).toBeLessThan(bound * Math.sqrt(96));
    for (const [sigma, probability] of [
      [3, 2.6998e-3],
      [4, 6.3342e-5],
    ]) {
      const share = mean(N, (i) => (Math.abs(x[i]) > sigma ? 1 : 0));
      expect(Math.abs(share - probability)).toBeLessThan(5 * Math.sqrt(probability / N));
    }
    for (const lag of [1, 2, 3, 4, 7, 8, 64, 4096]) {
      expect(Math.abs(mean(N - lag, (i) => x[i] * x[i + lag]))).toBeLessThan(bound);
    }
    const y = draw(N, 12345, -987654320);
    expect(Math.abs(mean(N, (i) => x[i] * y[i]))).toBeLessThan(bound);
    expect(x.every(Number.isFinite)).toBe(true);
  });

  test('a prefix of a stream does not depend on how much of it is drawn', () => {
    const all = draw(9001, 7, 8);
    for (const n of [1, 2, 3, 5, 8, 13, 4096, 4099]) expect([...draw(n, 7, 8)]).toEqual([...all.slice(0, n)]);
  });
});

// All remainders modulo eight, one channel and many, fewer channels than a vector, several units.
const shapes = [[1], [5, 3], [8, 1], [3, 7, 7, 5], [2, 9, 16], [13, 33], [1000, 9], [6, 30, 30, 4]];

test.each(shapes)('x + scale · ε and its gradient agree with the plain sums, shape %j', (...shape) => {
  const size = tf.util.sizeFromShape(shape);
  const channels = shape[shape.length - 1];
  const key = { k0: 11 * size, k1: 3 - size };
  const x = tf.tensor(floats(shape, 1).values, shape);
  const epsilon = draw(size, key.k0, key.k1);
  for (const perChannel of [false, true]) {
    const scales = perChannel ? floats([channels], 2).values : [0.75];
    const scale = perChannel ? tf.tensor1d(scales) : tf.scalar(scales[0]);
    const values = x.dataSync();
    const sum = Array.from(values, (v, i) => v + scales[i % scales.length] * epsilon[i]);
    expect(relativeError([...numbers('CrossregAddNoise', { x, scale }, key)], sum)).toBeLessThan(1e-6);

    const products = Array.from(scales, () => 0);
    values.forEach((v, i) => {
      products[i % products.length] += v * epsilon[i];
    });
    const actual = numbers('CrossregNoiseProducts', { dy: x }, { ...key, perChannel });
    expect(relativeError([...actual], products)).toBeLessThan(1e-5);
    scale.dispose();
  }
  x.dispose();
});

test.each([[2], [2, 1], [6, 3], [2, 7, 7, 5], [26, 33], [1000, 9], [6, 30, 30, 4]])(
  'if mirrored, the second half of the rows has the noise of the first with the opposite sign, shape %j',
  (...shape) => {
    const size = tf.util.sizeFromShape(shape);
    const channels = shape[shape.length - 1];
    const key = { k0: 5 * size, k1: 7 - size, mirrored: true };
    const x = tf.tensor(floats(shape, 1).values, shape);
    const values = x.dataSync();
    const half = draw(size / 2, key.k0, key.k1);
    const epsilon = [...half, ...half.map((e) => -e)];
    for (const perChannel of shape.length > 1 ? [false, true] : [false]) {
      const scales = perChannel ? floats([channels], 2).values : [0.75];
      const scale = perChannel ? tf.tensor1d(scales) : tf.scalar(scales[0]);
      const sum = Array.from(values, (v, i) => v + scales[i % scales.length] * epsilon[i]);
      expect(relativeError([...numbers('CrossregAddNoise', { x, scale }, key)], sum)).toBeLessThan(1e-6);
      const products = Array.from(scales, (_, c) =>
        epsilon.reduce((total, e, i) => total + (i % scales.length === c ? values[i] * e : 0), 0),
      );
      const actual = numbers('CrossregNoiseProducts', { dy: x }, { ...key, perChannel });
      expect(relativeError([...actual], products)).toBeLessThan(1e-5);
      scale.dispose();
    }
    x.dispose();
  },
);

test('nothing is leaked: data ids and heap stay where they were over 10,000 calls', () => {
  const x = tf.ones([16, 12]);
  const scale = tf.ones([12]);
  const pass = () => {
    const key = { k0: 1, k1: 2 };
    run('CrossregAddNoise', { x, scale }, key).dispose();
    run('CrossregNoiseProducts', { dy: x }, { ...key, perChannel: true }).dispose();
    run('CrossregGaussian', {}, { ...key, shape: [192] }).dispose();
  };
  pass();
  const [ids, heap] = [wasm().numDataIds(), wasm().wasm.asm.memory!.buffer.byteLength];
  for (let i = 0; i < 3334; i++) pass();
  expect([wasm().numDataIds(), wasm().wasm.asm.memory!.buffer.byteLength]).toEqual([ids, heap]);
  tf.dispose([x, scale]);
});
