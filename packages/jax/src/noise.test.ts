import { defaultDevice, grad, init, type Array as JaxArray, jit, numpy as np, random } from '@jax-js/jax';
import { beforeAll, expect, test } from 'vitest';
import { addNoise, averagedPrediction, channelStd } from '.';

beforeAll(async () => {
  await init('wasm');
  defaultDevice('wasm');
});

const x = () =>
  np.array(
    Float32Array.from({ length: 4000 }, (_, i) => (i % 2 ? 3 * Math.sin(i * i) : 0.1 * Math.cos(i * i) + 5)),
    { shape: [2000, 2] },
  );
const columns = (a: JaxArray): number[][] => np.transpose(a).js() as number[][];
const mean = (v: number[]) => v.reduce((sum, value) => sum + value, 0) / v.length;
const std = (v: number[]) =>
  Math.sqrt(v.reduce((sum, value) => sum + (value - mean(v)) ** 2, 0) / (v.length - 1));

test('noise has σ times the standard deviation of its channel, and a new key gives a new draw', () => {
  const sigma = 0.7;
  const noise = (seed: number) => columns(addNoise(x(), np.array(sigma), random.key(seed)).sub(x()));
  const [first, again, other] = [noise(1), noise(1), noise(2)];
  expect(again).toEqual(first);
  columns(x()).forEach((channel, c) => {
    const expected = sigma * std(channel);
    // The standard error of a standard deviation of n draws is 1/√(2n) of it: five of them.
    expect(Math.abs(std(first[c]) / expected - 1)).toBeLessThan(5 / Math.sqrt(4000));
    expect(Math.abs(mean(first[c])) / expected).toBeLessThan(5 / Math.sqrt(2000));
    const correlation = mean(first[c].map((v, i) => v * other[c][i])) / expected ** 2;
    expect(Math.abs(correlation)).toBeLessThan(5 / Math.sqrt(2000));
  });
});

test('the noise of integers has the same size', () => {
  const pixels = () => np.floor(x()).astype(np.int32);
  const noise = columns(addNoise(pixels(), np.array(0.7), random.key(1)).sub(pixels()));
  columns(pixels()).forEach((channel, c) => {
    expect(Math.abs(std(noise[c]) / (0.7 * std(channel)) - 1)).toBeLessThan(5 / Math.sqrt(4000));
  });
});

test('with σ = 0 it equals the original function, and so does its gradient', () => {
  expect(addNoise(x(), np.array(0), random.key(1)).js()).toEqual(x().js());
  const f = (noisy: boolean) =>
    grad((v: JaxArray) => np.sum(np.square(noisy ? addNoise(v, np.array(0), random.key(1)) : v)))(x()).js();
  expect(f(true)).toEqual(f(false));
});

test('no gradient flows through the standard deviation, and the gradient by σ is s · ε', () => {
  const [noise] = [addNoise(x(), np.array(1), random.key(4)).sub(x())];
  const byX = grad((v: JaxArray) => np.sum(addNoise(v, np.array(1), random.key(4))))(x());
  expect(new Set((byX.js() as number[][]).flat())).toEqual(new Set([1]));
  const bySigma = grad((s: JaxArray) => np.sum(addNoise(x(), s, random.key(4))))(np.array([1, 1]));
  const sums = columns(noise).map((column) => column.reduce((sum, v) => sum + v, 0));
  (bySigma.js() as number[]).forEach((g, c) => {
    expect(Math.abs(g - sums[c])).toBeLessThan(1e-2 * (1 + Math.abs(sums[c])));
  });
});

test('antithetic halves have opposite signs, a given `std` is used, and an unknown one is refused', () => {
  const zeros = () => np.zeros([6, 3]);
  const options = { antithetic: true, std: np.array([1, 2, 3]) };
  const noise = addNoise(zeros(), np.array(1), random.key(1), options).js() as number[][];
  expect(noise.slice(3)).toEqual(noise.slice(0, 3).map((row) => row.map((v) => -v)));
  const plain = addNoise(zeros(), np.array(1), random.key(1), { antithetic: true, std: np.ones([3]) });
  const expected = (plain.js() as number[][]).map((row) => row.map((v, c) => Math.fround(v * (c + 1))));
  expect(noise).toEqual(expected);
  expect(() => addNoise(np.zeros([5, 3]), np.array(1), random.key(1), { antithetic: true })).toThrow(
    /antithetic: needs an even/,
  );
  expect(() => channelStd(np.zeros([1, 3]))).toThrow(/single value per channel/);
});

test('the average of logits is the log of the mean softmax of the draws', () => {
  const logits = [
    [
      [1, 2, 3],
      [80, -80, 0],
    ],
    [
      [3, 1, 0],
      [-70, 60, 1],
    ],
  ];
  // A network that ignores its input and gives each copy of the batch its own logits.
  const outputs = jit((key: JaxArray) =>
    averagedPrediction(
      (copies, own, antithetic) => {
        expect(antithetic).toBe(true);
        expect(copies.shape).toEqual([4, 5]);
        copies.dispose();
        own.dispose();
        return np.array(logits.flat());
      },
      np.zeros([2, 5]),
      key,
      { samples: 2, averaging: 'logits' },
    ),
  )(random.key(1));
  const softmax = (v: number[]) => {
    const e = v.map((value) => Math.exp(value - Math.max(...v)));
    return e.map((value) => value / e.reduce((a, b) => a + b));
  };
  (np.exp(outputs).js() as number[][]).forEach((row, i) => {
    const draws = logits.map((one) => softmax(one[i]));
    row.forEach((p, k) => {
      expect(p).toBeCloseTo((draws[0][k] + draws[1][k]) / 2, 6);
    });
  });
});

test('channels may be on any axis', () => {
  const images = np.array(
    Float32Array.from({ length: 3 * 2 * 4 * 4 }, (_, i) => Math.sin(i * i)),
    { shape: [3, 2, 4, 4] },
  );
  const moved = np.transpose(images.ref, [0, 2, 3, 1]);
  const first = channelStd(images.ref, 1).js() as number[];
  const last = channelStd(moved).js() as number[];
  first.forEach((value, c) => {
    expect(value).toBeCloseTo(last[c], 6);
  });
  const noise = addNoise(images.ref, np.array([0, 1]), random.key(1), { axis: 1 }).sub(images);
  const size = (channel: number) => Number(np.max(np.absolute(noise.ref.slice([], channel))).js());
  expect([size(0), size(1) > 0.1]).toEqual([0, true]);
  expect(() => channelStd(np.zeros([2, 2]), 2)).toThrow(/axis: is 2/);
});
