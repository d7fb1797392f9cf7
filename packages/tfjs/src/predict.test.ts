import '@tensorflow/tfjs';
import '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { addNoise, currentNoise } from './noise';
import { monteCarloPredict } from './predict';

beforeAll(() => tf.setBackend('cpu'));

const noisy = ([x]: tf.Tensor[]) => [addNoise(x, tf.scalar(2), currentNoise().next())];

test('mean and variance are those of the samples, for any batch size, and nothing leaks', () => {
  const x = tf.tensor2d([
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
    [9, 10],
  ]);
  const before = tf.memory().numTensors;
  const [{ mean, variance }] = monteCarloPredict(noisy, [x], { samples: 2000, batchSize: 2, seed: 4 });
  expect(mean.shape).toEqual([5, 2]);
  // 5 standard errors of a mean (2/√2000) and of a variance (4·√(2/2000)) of normal draws.
  mean.dataSync().forEach((m, i) => {
    expect(Math.abs(m - (i + 1))).toBeLessThan(0.23);
  });
  for (const v of variance.dataSync()) expect(Math.abs(v - 4)).toBeLessThan(0.64);
  tf.dispose([mean, variance]);
  expect(tf.memory().numTensors).toBe(before);
});

test('the same seed gives the same numbers, a different seed different ones', () => {
  const x = tf.ones([3, 2]);
  const run = (seed: number) => [...monteCarloPredict(noisy, [x], { samples: 3, seed })[0].mean.dataSync()];
  expect(run(1)).toEqual(run(1));
  expect(run(1)).not.toEqual(run(2));
});

test.each(['cpu', 'wasm'])('the numbers do not depend on the batch size (%s)', async (backend) => {
  await tf.setBackend(backend);
  const x = tf.ones([7, 3]);
  const run = (batchSize: number) =>
    monteCarloPredict(noisy, [x], { samples: 3, batchSize }).flatMap(({ mean }) => [...mean.dataSync()]);
  for (const batchSize of [1, 2, 3, 5]) expect(run(batchSize)).toEqual(run(7));
  await tf.setBackend('cpu');
});

test('logits average as probabilities', () => {
  const x = tf.tensor2d([[3, 0, -1]]);
  const [{ mean }] = monteCarloPredict(noisy, [x], { samples: 50, averaging: 'logits' });
  expect(tf.sum(tf.exp(mean)).dataSync()[0]).toBeCloseTo(1, 5);
});

test('each output has its own kind of averaging (a single kind was wrong for some outputs)', () => {
  // The "noise" is the parity of the sample, so that means and variances are known by hand.
  let k = 0;
  const forward = () => {
    const odd = k++ % 2;
    return [
      tf.tensor2d([[odd ? 3 : -1]]),
      tf.tensor2d([odd ? [2, 0] : [0, 0]]),
      tf.tensor2d([[odd ? 7 : 1]]),
    ];
  };
  const before = tf.memory().numTensors;
  const [sigmoid, softmax, mean] = monteCarloPredict(forward, [tf.ones([1, 1])], {
    samples: 2,
    averaging: ['sigmoidLogits', 'logits', 'mean'],
  });
  const logistic = (z: number) => 1 / (1 + Math.exp(-z));
  const [a, b] = [logistic(3), logistic(-1)];
  const p = (a + b) / 2;
  expect(sigmoid.mean.dataSync()[0]).toBeCloseTo(Math.log(p / (1 - p)), 5);
  expect(sigmoid.variance.dataSync()[0]).toBeCloseTo((a - b) ** 2 / 2, 5);
  const q = (logistic(2) + 0.5) / 2;
  expect([...softmax.mean.dataSync()].map(Math.exp)[0]).toBeCloseTo(q, 5);
  expect(mean.mean.dataSync()[0]).toBeCloseTo(4, 5);
  expect(mean.variance.dataSync()[0]).toBeCloseTo(18, 4);
  tf.dispose([sigmoid, softmax, mean] as never);
  expect(tf.memory().numTensors).toBe(before + 1);
});

test('wrong averaging is refused: softmax logits of one unit, and another number of kinds than outputs', () => {
  const x = tf.ones([2, 1]);
  expect(() => monteCarloPredict(noisy, [x], { averaging: 'logits' })).toThrow(
    "averaging: is 'logits' for an output of one unit",
  );
  const two = (batch: tf.Tensor[]) => [...noisy(batch), ...noisy(batch)];
  expect(() => monteCarloPredict(two, [x], { averaging: ['mean'] })).toThrow(
    'averaging: has 1 entries, but the model has 2 outputs.',
  );
  expect(() => monteCarloPredict(noisy, [x], { averaging: ['mean', 'logits'] })).toThrow(
    'averaging: has 2 entries, but the model has 1 output.',
  );
});

test.each(['cpu', 'wasm'])(
  'inputs with different numbers of examples are refused (%s: wasm read beyond the shorter one)',
  async (backend) => {
    await tf.setBackend(backend);
    const sum = ([a, b]: tf.Tensor[]) => [tf.add(a, b)];
    for (const counts of [
      [5, 7],
      [7, 5],
    ]) {
      const inputs = counts.map((count) => tf.ones([count, 1]));
      expect(() => monteCarloPredict(sum, inputs)).toThrow(
        `x: has inputs of ${counts[0]} and ${counts[1]} examples.`,
      );
    }
    await tf.setBackend('cpu');
  },
);

test('a forward pass must return a list of tensors, each with a row for every example', () => {
  const run = (forward: (batch: tf.Tensor[]) => unknown) => () =>
    monteCarloPredict(forward as never, [tf.ones([5, 2])], { samples: 2, batchSize: 2 });
  const refused = (what: string) => `forward: must return a list of tensors, but returned ${what}.`;
  expect(run(([x]) => tf.sum(x, 1))).toThrow(refused('Tensor'));
  expect(run(([x]) => ({ y: tf.sum(x, 1) }))).toThrow(refused('Object'));
  expect(run(async ([x]) => [tf.sum(x, 1)])).toThrow(refused('Promise'));
  expect(run(() => [])).toThrow(refused('[]'));
  expect(run(() => [3])).toThrow('forward: must be a tensor, but is 3.');
  // The sums over a batch would be listed as if they were examples.
  expect(run(([x]) => [tf.sum(x, 0, true)])).toThrow(
    'forward: returns an output [1,2] for a batch of 2 examples.',
  );
});

test('wrong counts, unknown kinds of averaging and empty inputs are refused', () => {
  const x = tf.ones([1, 1]);
  expect(() => monteCarloPredict(noisy, [tf.zeros([0, 1])])).toThrow('x: has no examples');
  expect(() => monteCarloPredict(noisy, [x], { averaging: 'median' as never })).toThrow(
    "averaging: must be 'probabilities'",
  );
  expect(() => monteCarloPredict(noisy, [tf.ones([1, 1])], { samples: 0 })).toThrow(
    'samples: must be an integer',
  );
});

test('logits whose probability is 0 in float32 stay finite, so a loss of the mean is no NaN', () => {
  // Draws of 200 and 300, and of their negatives: log((e^−200 + e^−300)/2) = −200 − log 2 up to 1e-40.
  let k = 0;
  const forward = () => {
    const z = k++ % 2 ? 300 : 200;
    return [tf.tensor2d([[z, 0]]), tf.tensor2d([[z]]), tf.tensor2d([[-z]])];
  };
  const [softmax, high, low] = monteCarloPredict(forward, [tf.ones([1, 1])], {
    samples: 2,
    averaging: ['logits', 'sigmoidLogits', 'sigmoidLogits'],
  });
  const rare = 200 + Math.log(2);
  expect(softmax.mean.dataSync()[0]).toBeCloseTo(0, 4);
  expect(softmax.mean.dataSync()[1]).toBeCloseTo(-rare, 4);
  expect(high.mean.dataSync()[0]).toBeCloseTo(rare, 4);
  expect(low.mean.dataSync()[0]).toBeCloseTo(-rare, 4);
  const loss = tf.losses.softmaxCrossEntropy(tf.tensor2d([[1, 0]]), softmax.mean);
  expect(loss.dataSync()[0]).toBeCloseTo(0, 4);
});

test('a class that is masked by −∞ stays −∞', () => {
  const forward = () => [tf.tensor2d([[Number.NEGATIVE_INFINITY, 1, 1]])];
  const [{ mean, variance }] = monteCarloPredict(forward, [tf.ones([1, 1])], {
    samples: 3,
    averaging: 'logits',
  });
  expect([...mean.dataSync()][0]).toBe(Number.NEGATIVE_INFINITY);
  expect(mean.dataSync()[1]).toBeCloseTo(Math.log(0.5), 5);
  expect([...variance.dataSync()]).toEqual([0, 0, 0]);
});

test('an output that a forward pass keeps is not disposed', () => {
  const kept = tf.keep(tf.ones([1, 2]));
  tf.dispose(monteCarloPredict(() => [kept], [tf.ones([1, 1])], { samples: 2 }).map((one) => ({ ...one })));
  expect(kept.isDisposed).toBe(false);
});
