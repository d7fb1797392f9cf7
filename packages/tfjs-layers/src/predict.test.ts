import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { LearnableNoise } from './learnableNoise';
import { forward, predict } from './predict';

beforeAll(() => tf.setBackend('cpu'));

const dense = (units: number, options: object = {}) =>
  tf.layers.dense({ units, kernelInitializer: tf.initializers.glorotNormal({ seed: units }), ...options });
const values = (x: tf.Tensor) => [...x.dataSync()];

test('a model without noise gives its plain prediction and no variance', () => {
  const model = tf.sequential({ layers: [dense(3, { inputShape: [4], activation: 'softmax' })] });
  const x = tf.randomNormal([5, 4], 0, 1, 'float32', 1);
  const { mean, variance } = predict(model, x, { samples: 7 });
  values(model.predict(x) as tf.Tensor).forEach((v, i) => {
    expect(values(mean)[i]).toBeCloseTo(v, 6);
  });
  expect(values(variance).every((v) => v === 0)).toBe(true);
});

test('noise on the input of a linear layer: the mean is the noiseless output, the variance σ² Σ w²', () => {
  const input = tf.input({ shape: [2] });
  const noise = new LearnableNoise({ initialSigma: 0.5 });
  const last = tf.layers.dense({ units: 1 });
  const output = last.apply(noise.apply(input) as tf.SymbolicTensor) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: output });
  last.setWeights([tf.tensor2d([[3], [4]]), tf.tensor1d([1])]);
  const samples = 4000;
  const { mean, variance } = predict(model, tf.tensor2d([[1, -1]]), { samples, seed: 3 });
  // N(3 − 4 + 1, 0.25 · 25): the standard error of the mean is 2.5/√4000 = 0.04, of the variance 6.25 · √(2/4000) = 0.14. Five of
  // either err once in 1.7 million seeds.
  expect(Math.abs(values(mean)[0] - 0)).toBeLessThan(5 * 0.04);
  expect(Math.abs(values(variance)[0] - 6.25)).toBeLessThan(5 * 0.14);
  const again = predict(model, tf.tensor2d([[1, -1]]), { samples, seed: 3 });
  expect(values(again.mean)).toEqual(values(mean));
});

test('a list of numbers is a column, as model.predict takes it', () => {
  const model = tf.sequential({ layers: [dense(2, { inputShape: [1] })] });
  const x = tf.tensor1d([1, 2, 3]);
  const expected = values(model.predict(x) as tf.Tensor);
  const { numTensors } = tf.memory();
  const { mean, variance } = predict(model, x);
  expect(tf.memory().numTensors).toBe(numTensors + 2);
  expect(values(mean)).toEqual(expected);
  expect(variance.shape).toEqual([3, 2]);
  expect(() => predict(tf.sequential({ layers: [dense(2, { inputShape: [3] })] }), x)).toThrow(
    'x: has shape [3] for the input',
  );
});

test('inputs by name, and one prediction for each output', () => {
  const inputs = ['first', 'second'].map((name) => tf.input({ shape: [2], name: `predict_${name}` }));
  const sum = tf.layers.add().apply(inputs) as tf.SymbolicTensor;
  const outputs = [1, 2].map((units) => dense(units).apply(sum) as tf.SymbolicTensor);
  const model = tf.model({ inputs, outputs });
  const x = [1, 2].map((seed) => tf.randomNormal([3, 2], 0, 1, 'float32', seed));
  const named = Object.fromEntries(model.inputNames.map((name, i) => [name, x[i]]));
  const stock = model.predict(x) as tf.Tensor[];
  for (const given of [x, named]) {
    const predictions = predict(model, given) as { mean: tf.Tensor }[];
    expect(predictions.map(({ mean }) => mean.shape)).toEqual([
      [3, 1],
      [3, 2],
    ]);
    predictions.forEach(({ mean }, k) => {
      values(stock[k]).forEach((v, i) => {
        expect(values(mean)[i]).toBeCloseTo(v, 6);
      });
    });
  }
});

test('a stateful recurrent model predicts as its own predict does, and its state is unchanged', () => {
  const lstm = () =>
    tf.sequential({
      layers: [
        tf.layers.simpleRNN({
          units: 2,
          batchInputShape: [2, 3, 1],
          stateful: true,
          kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }),
          recurrentInitializer: tf.initializers.glorotNormal({ seed: 2 }),
        }),
      ],
    });
  const x = tf.randomNormal([4, 3, 1], 0, 1, 'float32', 1);
  const [ours, stock] = [lstm(), lstm()];
  stock.setWeights(ours.getWeights());
  // Two batches of two: stock predict carries the state from one to the next.
  const expected = values(stock.predict(x, { batchSize: 2 }) as tf.Tensor);
  for (let repeat = 0; repeat < 2; repeat++) {
    const { mean } = predict(ours, x);
    expected.forEach((v, i) => {
      expect(values(mean)[i]).toBeCloseTo(v, 6);
    });
  }
  // Each from zero: the second batch does not continue the first.
  const fresh = values(forward(ours, [x], 'zero')[0]);
  expected.slice(0, 4).forEach((v, i) => {
    expect(fresh[i]).toBeCloseTo(v, 6);
  });
  expect(Math.abs(fresh[4] - expected[4])).toBeGreaterThan(1e-3);
  expect(() => predict(ours, tf.zeros([3, 3, 1]))).toThrow(
    'x: has 3 examples, but the model was built for batches of 2. Give a multiple of 2.',
  );
});

test('nothing is left but the prediction', () => {
  const model = tf.sequential({ layers: [dense(3, { inputShape: [4] })] });
  const x = tf.ones([5, 4]);
  predict(model, x);
  const before = tf.memory().numTensors;
  const { mean, variance } = predict(model, x) as { mean: tf.Tensor; variance: tf.Tensor };
  tf.dispose([mean, variance]);
  expect(tf.memory().numTensors).toBe(before);
});

test('arrays, wrong shapes and samples below 1 are refused', () => {
  const model = tf.sequential({ layers: [dense(3, { inputShape: [4] })] });
  expect(() => predict(model, [[1, 2, 3, 4]] as never)).toThrow('x');
  expect(() => predict(model, tf.ones([2, 5]))).toThrow('x');
  expect(() => predict(model, tf.ones([2, 4]), { samples: 0 })).toThrow('samples');
  expect(() => predict({} as never, tf.ones([2, 4]))).toThrow('model');
});
