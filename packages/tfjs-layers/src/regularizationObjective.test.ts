import { NoiseStream, tfjs, withNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { noiseLayers } from './injectNoise';
import { LearnableNoise } from './learnableNoise';
import { forward } from './predict';
import { type OutputObjective, regularizationLoss } from './regularizationObjective';

beforeAll(() => tf.setBackend('cpu'));

const squared: OutputObjective['loss'] = (target, prediction) =>
  tf.mean(tf.squaredDifference(target, prediction), -1);
const crossEntropy: OutputObjective['loss'] = (target, prediction) =>
  tf.neg(tf.sum(tf.mul(target, tf.log(prediction)), -1));

/** Noise in front of a dense layer. */
function noisy(units: number, activation: 'linear' | 'softmax' = 'linear') {
  const input = tf.input({ shape: [2] });
  const noise = new LearnableNoise({ initialSigma: 1 });
  const last = tf.layers.dense({
    units,
    activation,
    kernelInitializer: tf.initializers.glorotNormal({ seed: 4 }),
  });
  const output = last.apply(noise.apply(input) as tf.SymbolicTensor) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: output });
}
const batch = { x: [tf.randomNormal([3, 2], 0, 1, 'float32', 1)], y: [] as tf.Tensor[] };
const value = (x: tf.Tensor) => x.dataSync()[0];

/** What the draws of the model are, [sample][example][unit]: all in one pass, sample k of example b in row k · 3 + b. */
function drawsOf(model: tf.LayersModel, samples: number, antithetic = false) {
  const inputs = [tf.concat(new Array(samples).fill(batch.x[0]))];
  const [all] = withNoise(new NoiseStream(7, 0, 0, antithetic), () => forward(model, inputs, 'zero'));
  return (tf.reshape(all, [samples, 3, -1]) as tf.Tensor3D).arraySync();
}
const mean = (xs: number[]) => xs.reduce((a, b) => a + b) / xs.length;
/** By hand: the squared error of the average of some draws. */
const errorOf = (draws: number[][][], y: number[]) =>
  mean(y.map((target, b) => (mean(draws.map((draw) => draw[b][0])) - target) ** 2));

test('the loss is the loss of the averaged draws, not the average of their losses', () => {
  const model = noisy(1);
  const y = [1, 0, -2];
  const draws = drawsOf(model, 4);
  const loss = regularizationLoss({
    model,
    batch: { ...batch, y: [tf.tensor2d(y, [3, 1])] },
    stream: new NoiseStream(7),
    samples: 4,
    outputs: [{ loss: squared, averaging: 'mean', debiased: false }],
  });
  expect(value(loss)).toBeCloseTo(errorOf(draws, y), 5);
  expect(value(loss)).toBeLessThan(mean(draws.map((draw) => errorOf([draw], y))) - 0.1);
});

/** By hand: −log of the mean probability of the labels, one for each example. */
const logLosses = (draws: number[][][], labels: number[]) =>
  labels.map((label, b) => -Math.log(mean(draws.map((draw) => draw[b][label]))));

test.each([false, true])('a cross-entropy is debiased (pairs ±ε: %s)', (antithetic) => {
  const model = noisy(3, 'softmax');
  const labels = [2, 0, 1];
  const draws = drawsOf(model, 4, antithetic);
  const groups = antithetic
    ? [
        [draws[0], draws[2]],
        [draws[1], draws[3]],
      ]
    : draws.map((draw) => [draw]);
  const lossWith = (debiased: boolean) =>
    regularizationLoss({
      model,
      batch: { ...batch, y: [tf.oneHot(tf.tensor1d(labels, 'int32'), 3).cast('float32')] },
      stream: new NoiseStream(7, 0, 0, antithetic),
      samples: 4,
      outputs: [{ loss: crossEntropy, averaging: 'probabilities', debiased }],
    });
  const all = logLosses(draws, labels);
  // The variance of the groups' probabilities over their mean's square, by the textbook formula for the variance of a mean.
  const correction = labels.map((label, b) => {
    const p = groups.map((group) => mean(group.map((draw) => draw[b][label])));
    const variance = p.reduce((sum, one) => sum + (one - mean(p)) ** 2, 0) / (p.length - 1) / p.length;
    const bias = variance / (2 * mean(p) ** 2);
    return bias * (1 - 2 * bias);
  });
  expect(value(lossWith(false))).toBeCloseTo(mean(all), 5);
  expect(value(lossWith(true))).toBeCloseTo(mean(all) - mean(correction), 5);
  expect(mean(correction)).toBeGreaterThan(5e-5);
});

test.each(['one-hot', 'numbers'])('class weights multiply the loss of an example (%s)', (kind) => {
  const model = noisy(3, 'softmax');
  const labels = [2, 0, 1];
  const weights = [1, 2, 4];
  const [only] = drawsOf(model, 1);
  const y =
    kind === 'one-hot'
      ? tf.oneHot(tf.tensor1d(labels, 'int32'), 3).cast('float32')
      : tf.tensor2d(labels, [3, 1]);
  const sparse: OutputObjective['loss'] = (target, p) =>
    crossEntropy(tf.oneHot(tf.reshape(target, [-1]).cast('int32'), 3).cast('float32'), p);
  const loss = regularizationLoss({
    model,
    batch: { ...batch, y: [y] },
    stream: new NoiseStream(7),
    samples: 1,
    outputs: [
      {
        loss: kind === 'one-hot' ? crossEntropy : sparse,
        averaging: 'probabilities',
        debiased: false,
        classWeights: weights,
      },
    ],
  });
  expect(value(loss)).toBeCloseTo(
    mean(labels.map((label, b) => -weights[label] * Math.log(only[b][label]))),
    5,
  );
});

describe('offsets of a regression', () => {
  const count = 20;
  const x = tf.randomNormal([count, 2], 0, 1, 'float32', 3);
  const target = tf.randomNormal([count, 1], 0, 1, 'float32', 5);
  /** Noise, and a ReLU whose mean grows with it. */
  const model = (() => {
    const input = tf.input({ shape: [2] });
    const noisyInput = new LearnableNoise({ initialSigma: 0.5 }).apply(input) as tf.SymbolicTensor;
    const hidden = tf.layers.reLU().apply(noisyInput) as tf.SymbolicTensor;
    const kernelInitializer = tf.initializers.glorotNormal({ seed: 4 });
    return tf.model({
      inputs: input,
      outputs: tf.layers.dense({ units: 1, kernelInitializer }).apply(hidden) as tf.SymbolicTensor,
    });
  })();
  const [{ variable }] = noiseLayers(model)[0].regularizationParameters();
  const loss = (y: tf.Tensor, rows = count) =>
    regularizationLoss({
      model,
      batch: { x: [tf.slice(x, 0, rows)], y: [tf.slice(y, 0, rows)] },
      stream: new NoiseStream(7),
      samples: 4,
      outputs: [{ loss: squared, averaging: 'mean', debiased: false }],
    });
  const gradient = (y: tf.Tensor, rows?: number) =>
    value(tfjs.valueAndGradients(() => loss(y, rows), [variable]).gradients[0]);
  /** The averaged predictions at ρ + by. */
  const predictions = (by: number) => {
    const before = tf.clone(variable as tf.Tensor);
    (variable as tf.Variable).assign(tf.add(before, by));
    const inputs = [tf.concat(new Array(4).fill(x))];
    const [all] = withNoise(new NoiseStream(7), () => forward(model, inputs, 'zero'));
    (variable as tf.Variable).assign(before);
    return tf.mean(tf.reshape(all, [4, count]), 0).dataSync();
  };

  test('their gradient is left out: finite differences of the predictions less what they move together', () => {
    const y = target.dataSync();
    const [low, now, high] = [-0.01, 0, 0.01].map(predictions);
    const error = (p: Float32Array) => {
      const moved = mean([...p]) - mean([...now]);
      return mean([...p].map((each, i) => (each - moved - y[i]) ** 2));
    };
    const expected = (error(high as Float32Array) - error(low as Float32Array)) / 0.02;
    expect(gradient(target)).toBeCloseTo(expected, 3);
    const whole = (p: Float32Array) => mean([...p].map((each, i) => (each - y[i]) ** 2));
    const withOffset = (whole(high as Float32Array) - whole(low as Float32Array)) / 0.02;
    expect(Math.abs(withOffset - expected)).toBeGreaterThan(0.02);
  });

  test('targets far from 0 do not change the gradient, nor what is reported', () => {
    expect(gradient(tf.add(target, 10))).toBeCloseTo(gradient(target), 4);
    const y = target.dataSync();
    const expected = mean([...predictions(0)].map((p, i) => (p - y[i] - 10) ** 2));
    expect(value(loss(tf.add(target, 10)))).toBeCloseTo(expected, 3);
  });

  test('of fewer than 16 examples nothing is left out', () => {
    expect(Math.abs(gradient(tf.add(target, 10), 15) - gradient(target, 15))).toBeGreaterThan(0.1);
  });
});

test('the losses of several outputs add up', async () => {
  const input = tf.input({ shape: [2] });
  const outputs = [1, 2].map(
    (seed) =>
      tf.layers
        .dense({ units: 1, kernelInitializer: tf.initializers.glorotNormal({ seed }) })
        .apply(input) as tf.SymbolicTensor,
  );
  const model = tf.model({ inputs: input, outputs });
  const y = [tf.ones([3, 1]), tf.zeros([3, 1])];
  const [first, second] = (model.predict(batch.x[0]) as tf.Tensor[]).map((p, i) =>
    value(tf.mean(squared(y[i], p))),
  );
  const loss = regularizationLoss({
    model,
    batch: { ...batch, y },
    stream: new NoiseStream(1),
    samples: 2,
    outputs: y.map(() => ({ loss: squared, averaging: 'mean', debiased: false })),
  });
  expect(value(loss)).toBeCloseTo(first + second, 5);
});

test.each(['regression', 'classification'])(
  'its gradient by σ agrees with finite differences (%s)',
  (kind) => {
    const model = kind === 'regression' ? noisy(1) : noisy(3, 'softmax');
    const noise = model.layers.find((layer) => layer instanceof LearnableNoise) as LearnableNoise;
    const [y, output]: [tf.Tensor, OutputObjective] =
      kind === 'regression'
        ? [tf.tensor2d([1, 0, -2], [3, 1]), { loss: squared, averaging: 'mean', debiased: false }]
        : [
            tf.oneHot(tf.tensor1d([2, 0, 1], 'int32'), 3).cast('float32'),
            { loss: crossEntropy, averaging: 'probabilities', debiased: true },
          ];
    const loss = () =>
      regularizationLoss({
        model,
        batch: { ...batch, y: [y] },
        stream: new NoiseStream(7),
        samples: 4,
        outputs: [output],
      });
    const { gradients } = tfjs.valueAndGradients(loss, [noise.rho]);
    const gradient = value(gradients[0]);
    const raw = value(noise.rho);
    const at = (v: number) => {
      (noise.rho as tf.Variable).assign(tf.scalar(v));
      return value(loss());
    };
    const difference = (at(raw + 1e-2) - at(raw - 1e-2)) / 2e-2;
    expect(Math.abs(gradient)).toBeGreaterThan(0.02);
    // Central differences with a step of 0.01 in float32.
    expect(Math.abs(gradient / difference - 1)).toBeLessThan(2e-3);
  },
);
