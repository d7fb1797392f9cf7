import { NoiseStream, tfjs } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { injectNoise, noiseLayers } from './injectNoise';
import type { LossFunction } from './internals';
import { regularizationLoss } from './regularizationObjective';

beforeAll(() => tf.setBackend('cpu'));

const count = 24;
const x = tf.randomNormal([count, 4], 0, 1, 'float32', 1);
const labels = tf.tensor1d(
  Array.from({ length: count }, (_, i) => i % 3),
  'int32',
);
const oneHot = tf.cast(tf.oneHot(labels, 3), 'float32');
const binary = tf.cast(tf.greater(tf.slice(x, [0, 0], [count, 3]), 0), 'float32');
const init = (seed: number) => tf.initializers.glorotNormal({ seed });

/** With so much noise that its bias is far above rounding. */
function network() {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [4], units: 8, activation: 'relu', kernelInitializer: init(1) }),
      tf.layers.dense({ units: 3, kernelInitializer: init(2) }),
    ],
  });
  return injectNoise(model, { initialSigma: 1.5 });
}

/** The regularization loss, and its slope in log σ. */
function objective(
  loss: LossFunction,
  averaging: 'logits' | 'sigmoidLogits',
  {
    debiased = true,
    targets = averaging === 'logits' ? oneHot : binary,
    classWeights,
  }: { debiased?: boolean; targets?: tf.Tensor; classWeights?: number[] } = {},
): [value: number, slope: number] {
  const model = network();
  const batch = { x: [x], y: [targets] };
  const outputs = [{ loss, averaging, debiased, classWeights }];
  const stream = new NoiseStream(1, 0, 0, true);
  const of = () => regularizationLoss({ model, batch, stream, samples: 4, outputs });
  const { value, gradients } = tfjs.valueAndGradients(of, [noiseLayers(model)[0].rho]);
  return [value.dataSync()[0], gradients[0].dataSync()[0]];
}

const { NONE, SUM } = tf.Reduction;
const kinds = [
  ['logits', tf.losses.softmaxCrossEntropy],
  ['sigmoidLogits', tf.losses.sigmoidCrossEntropy],
] as const;

test.each(kinds)('a mean or a sum of %s has the bias of the numbers that it adds up', (averaging, stock) => {
  const loss = (reduction?: tf.Reduction) => (y: tf.Tensor, z: tf.Tensor) =>
    stock(y as tf.Tensor2D, z as tf.Tensor2D, undefined, 0, reduction);
  // The loss with a number for each cross-entropy, which debiasedLoss of core takes.
  const [value, slope] = objective(loss(NONE), averaging);
  const [biased] = objective(loss(NONE), averaging, { debiased: false });
  expect(biased - value).toBeGreaterThan(0.005);

  const mean = objective(loss(), averaging);
  expect(mean[0]).toBeCloseTo(value, 5);
  expect(mean[1]).toBeCloseTo(slope, 5);

  const terms = averaging === 'logits' ? count : count * 3;
  const sum = objective(loss(SUM), averaging);
  expect(sum[0] / terms).toBeCloseTo(value, 5);
  expect(sum[1] / terms).toBeCloseTo(slope, 5);
});

test('a mean over the units of each example is debiased unit by unit, and weighted by its class', () => {
  const units = (y: tf.Tensor, z: tf.Tensor) =>
    tf.losses.sigmoidCrossEntropy(y as tf.Tensor2D, z as tf.Tensor2D, undefined, 0, NONE);
  const means = (y: tf.Tensor, z: tf.Tensor) => tf.mean(units(y, z), 1);
  const [value, slope] = objective(units, 'sigmoidLogits');
  const [mean, slopeOfMean] = objective(means, 'sigmoidLogits');
  expect(mean).toBeCloseTo(value, 5);
  expect(slopeOfMean).toBeCloseTo(slope, 5);
  // Weights that are the same for all classes are a factor.
  expect(objective(means, 'sigmoidLogits', { classWeights: [2, 2, 2] })[0]).toBeCloseTo(2 * value, 5);
});

test('missing targets that a loss leaves out have no bias', () => {
  const isKnown = tf.cast(tf.greater(tf.abs(tf.slice(x, [0, 0], [count, 3])), 0.5), 'bool');
  const targets = tf.where(isKnown, binary, tf.fill([count, 3], Number.NaN));
  const share = (tf.mean(tf.cast(isKnown, 'float32')).dataSync() as Float32Array)[0];
  expect(share).toBeGreaterThan(0.3);
  expect(share).toBeLessThan(0.9);
  const each = (y: tf.Tensor, z: tf.Tensor) => {
    const loss = tf.sub(tf.softplus(z), tf.mul(tf.where(isKnown, y, tf.zerosLike(y)), z));
    return tf.where(isKnown, loss, tf.zerosLike(loss));
  };
  const [value, slope] = objective(each, 'sigmoidLogits', { targets });
  const [mean, slopeOfMean] = objective((y, z) => tf.div(tf.mean(each(y, z)), share), 'sigmoidLogits', {
    targets,
  });
  expect(mean).toBeCloseTo(value / share, 5);
  expect(slopeOfMean).toBeCloseTo(slope / share, 5);
});

test('estimator: debiased is refused for a loss of probabilities that gives one number for a batch', async () => {
  const fit = async (loss: LossFunction) => {
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ inputShape: [4], units: 8, activation: 'relu' }),
        tf.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });
    const noisy = injectNoise(model);
    noisy.compile({ optimizer: 'sgd', loss });
    const cross = crossRegularization({ regularizationData: [x, oneHot], estimator: 'debiased' });
    await noisy.fit(tf.neg(x), oneHot, { verbose: 0, callbacks: cross });
  };
  const each = (y: tf.Tensor, p: tf.Tensor) => tf.neg(tf.sum(tf.mul(y, tf.log(p)), 1));
  await fit(each);
  await expect(fit((y, p) => tf.mean(each(y, p)))).rejects.toThrow(
    'estimator: is "debiased", but the loss of the output "',
  );
});
