import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { fillByKernel } from './gaussianKernel';
import {
  addNoise,
  currentNoise,
  deriveKey,
  fillUniform,
  gaussian,
  isSampling,
  type NoiseKey,
  NoiseStream,
  withNoise,
} from './noise';
import { fillPortable } from './portableGaussian';

beforeAll(() => tf.setBackend('cpu'));

const average = (n: number, f: (i: number) => number) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += f(i);
  return sum / n;
};
const N = 1_000_000;
type Fill = NonNullable<ReturnType<typeof fillByKernel>>;
const draw = (fill: Fill, n: number, [k0, k1]: NoiseKey) => {
  const out = new Float32Array(n);
  fill(out, k0, k1);
  return out;
};

describe.each([
  ['a SIMD kernel', fillByKernel()!],
  ['JavaScript', fillPortable],
])('the stream, drawn by %s', (_, fill) => {
  const sample = draw(fill, N, deriveKey(1));

  // Every bound below is 5 standard errors of the statistic under N(0, 1): a false alarm in 1.7 million.
  test('the first four moments are those of N(0, 1)', () => {
    const bound = 5 / Math.sqrt(N);
    expect(Math.abs(average(N, (i) => sample[i]))).toBeLessThan(bound);
    expect(Math.abs(average(N, (i) => sample[i] ** 2) - 1)).toBeLessThan(bound * Math.sqrt(2));
    expect(Math.abs(average(N, (i) => sample[i] ** 3))).toBeLessThan(bound * Math.sqrt(15));
    expect(Math.abs(average(N, (i) => sample[i] ** 4) - 3)).toBeLessThan(bound * Math.sqrt(96));
  });

  test('the distribution function is right (Kolmogorov–Smirnov, false alarm 1e-6)', () => {
    const sorted = Float32Array.from(sample).sort();
    // Normal distribution function by its Maclaurin series, exact to 1e-12 for |x| < 6.
    const cdf = (x: number) => {
      let [term, sum] = [x, x];
      for (let k = 1; k < 200; k++) {
        term *= (-x * x) / (2 * k);
        sum += term / (2 * k + 1);
      }
      return 0.5 + sum / Math.sqrt(2 * Math.PI);
    };
    let distance = 0;
    for (let i = 0; i < N; i += 97) {
      if (Math.abs(sorted[i]) < 5) distance = Math.max(distance, Math.abs(cdf(sorted[i]) - (i + 0.5) / N));
    }
    expect(distance).toBeLessThan(Math.sqrt(Math.log(2e6) / (2 * N)) + 1 / N);
  });

  test.each([
    [3, 2.6998e-3],
    [4, 6.3342e-5],
  ])('the share beyond %dσ is right', (sigma, probability) => {
    const share = average(N, (i) => (Math.abs(sample[i]) > sigma ? 1 : 0));
    expect(Math.abs(share - probability)).toBeLessThan(5 * Math.sqrt(probability / N));
  });

  test('no correlation with neighbours, their squares, or the next stream', () => {
    const bound = 5 / Math.sqrt(N);
    for (const lag of [1, 2, 3, 4, 8, 28, 64, 784]) {
      expect(Math.abs(average(N - lag, (i) => sample[i] * sample[i + lag]))).toBeLessThan(bound);
      expect(
        Math.abs(average(N - lag, (i) => (sample[i] ** 2 - 1) * (sample[i + lag] ** 2 - 1))),
      ).toBeLessThan(2 * bound);
    }
    const [k0, k1] = deriveKey(1);
    for (const key of [deriveKey(2), deriveKey(1, 1), [k0 ^ 1, k1], [k0, k1 ^ 1], [k1, k0]] as NoiseKey[]) {
      const other = draw(fill, N, key);
      expect(Math.abs(average(N, (i) => sample[i] * other[i]))).toBeLessThan(bound);
    }
  });

  test('every number is finite, also at the ends of the uniform range', () => {
    for (let seed = 0; seed < 20; seed++) {
      expect(draw(fill, 100_001, deriveKey(seed)).every(Number.isFinite)).toBe(true);
    }
  });
});

test('kernel and JavaScript draw the same stream, for any length', () => {
  expect(fillByKernel()).toBeDefined();
  for (const n of [1, 2, 7, 8, 4097, 2 ** 14, 2 ** 14 + 1, 200_003]) {
    // The last key's counter passes 2³¹.
    for (const key of [deriveKey(3), [2 ** 31 - 1000, 5]] as NoiseKey[]) {
      const [kernel, portable] = [draw(fillByKernel()!, n, key), draw(fillPortable, n, key)];
      const differences = portable.map((v, i) => Math.abs(v - kernel[i])).sort();
      // float32 rounds the logarithm where the radius is next to 0: once in 10,000 numbers, and never by much.
      expect(differences[Math.floor((n - 1) * 0.9999)]).toBeLessThan(1e-5);
      expect(differences[n - 1]).toBeLessThan(4e-4);
    }
  }
});

test('a kernel draws scaled noise: each number of the stream times the scale of its channel', () => {
  const fill = fillByKernel()!;
  for (const [n, channels] of [
    [1, 1],
    [50_000, 1],
    [7 * 9001, 7],
    [4 * 4096, 4096],
  ]) {
    const scale = Array.from({ length: channels }, (_, i) => Math.fround(0.1 + i / 3));
    const expected = draw(fill, n, deriveKey(6)).map((v, i) => v * scale[i % channels]);
    const actual = new Float32Array(n);
    const [k0, k1] = deriveKey(6);
    fill(actual, k0, k1, scale);
    expect(actual).toEqual(expected);
  }
});

test('addNoise: the gradients by input and scale are those of x + scale·ε, for one scale and one per channel', () => {
  const key = deriveKey(5);
  const x = tf.randomNormal([3, 2, 4], 0, 1, 'float32', 1);
  const weights = tf.randomNormal([3, 2, 4], 0, 1, 'float32', 2);
  const epsilon = gaussian([3, 2, 4], key);
  for (const scale of [tf.scalar(0.7), tf.tensor1d([0.1, 0.5, 2, 1])]) {
    const run = (f: (x: tf.Tensor, s: tf.Tensor) => tf.Tensor) =>
      tf
        .grads((a, s) => tf.sum(tf.mul(weights, f(a, s))))([x, scale])
        .map((g) => [...g.dataSync()]);
    const actual = run((a, s) => addNoise(a, s, key));
    const expected = run((a, s) => tf.add(a, tf.mul(epsilon, s)));
    actual.flat().forEach((v, i) => {
      expect(v).toBeCloseTo(expected.flat()[i], 4);
    });
  }
});

test('a training step computes no gradient by the scale: ε is drawn once', () => {
  const x = tf.ones([2, 3]);
  const before = tf.memory().numTensors;
  const dx = tf.grad((a) => tf.sum(addNoise(a, tf.scalar(1), deriveKey(1))))(x);
  expect([...dx.dataSync()]).toEqual([1, 1, 1, 1, 1, 1]);
  dx.dispose();
  expect(tf.memory().numTensors - before).toBeLessThanOrEqual(1);
});

test('a stream is determined by its seed and count, and ends with its scope', () => {
  const outer = currentNoise();
  const keys = withNoise(new NoiseStream(3), () => [currentNoise().next(), currentNoise().next()]);
  expect(currentNoise()).toBe(outer);
  expect(keys[0]).not.toEqual(keys[1]);
  expect(new NoiseStream(3, 1).next()).toEqual(keys[1]);
});

test('uniform numbers: distribution, independence of neighbours, and separate draws for each example', () => {
  const out = new Float32Array(N);
  fillUniform(out, deriveKey(4));
  const bound = 5 / Math.sqrt(N);
  expect(Math.abs(average(N, (i) => out[i]) - 1 / 2)).toBeLessThan(bound * Math.sqrt(1 / 12));
  expect(Math.abs(average(N, (i) => out[i] ** 2) - 1 / 3)).toBeLessThan(bound * Math.sqrt(4 / 45));
  for (const lag of [1, 2, 10, 64]) {
    const covariance = average(N - lag, (i) => (out[i] - 0.5) * (out[i + lag] - 0.5));
    expect(Math.abs(covariance)).toBeLessThan(bound / 12);
  }
  expect(out.every((u) => u > 0 && u < 1)).toBe(true);
  const [k0, k1] = deriveKey(4);
  const later = new Float32Array(30);
  fillUniform(later, [k0, k1, 6], [3, 10]);
  expect([...later]).toEqual([...out.slice(60, 90)]);
});

test('noise is active inside withNoise and nowhere else', () => {
  const inner = () => withNoise(new NoiseStream(1), isSampling);
  expect([isSampling(), inner(), withNoise(new NoiseStream(2), () => [inner(), isSampling()])]).toEqual([
    false,
    true,
    [true, true],
  ]);
  expect(() =>
    withNoise(new NoiseStream(1), () => {
      throw new Error('within');
    }),
  ).toThrow('within');
  expect(isSampling()).toBe(false);
});

test('withNoise refuses asynchronous functions, whose later draws are of another stream', async () => {
  const outer = currentNoise();
  expect(() => withNoise(new NoiseStream(1), async () => currentNoise().next())).toThrow(
    'f: must be synchronous, but returns Promise.',
  );
  expect(currentNoise()).toBe(outer);
});

describe('antithetic keys: pairs of opposite sign', () => {
  const key = deriveKey(5);
  const antithetic = [key[0], key[1], 0, true] as const;

  test('the second half of the rows is the negative of the first half', async () => {
    const drawn = gaussian([6, 4], antithetic).dataSync();
    const half = gaussian([3, 4], key).dataSync();
    expect([...drawn]).toEqual([...half, ...half.map((v) => -v)]);
    const uniform = new Float32Array(8);
    fillUniform(uniform, antithetic, [4, 2]);
    for (let i = 0; i < 4; i++) expect(uniform[i] + uniform[i + 4]).toBeCloseTo(1, 6);
  });

  test('addNoise has the value and the gradient of x + scale · ε', () => {
    const x = tf.randomNormal([4, 3], 0, 1, 'float32', 1);
    const scale = tf.tensor1d([0.5, 1, 2]);
    const weight = tf.randomNormal([4, 3], 0, 1, 'float32', 2);
    const loss = (f: (x: tf.Tensor, scale: tf.Tensor) => tf.Tensor) =>
      tf.grads((a: tf.Tensor, s: tf.Tensor) => tf.sum(tf.mul(f(a, s), weight)));
    const epsilon = gaussian([4, 3], antithetic);
    const ours = loss((a, s) => addNoise(a, s, antithetic))([x, scale]);
    const plain = loss((a, s) => tf.add(a, tf.mul(s, epsilon)))([x, scale]);
    ours.forEach((g, i) => {
      const expected = plain[i].dataSync();
      g.dataSync().forEach((v, j) => {
        expect(v).toBeCloseTo(expected[j], 5);
      });
    });
    expect(() => addNoise(tf.zeros([3, 2]), tf.scalar(1), antithetic)).toThrow('even number of rows');
  });
});
