import { injectNoise, noiseLayers } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { flatness } from './flatness.mjs';

beforeAll(() => tf.setBackend('cpu'));

/** A logistic network on one input; the noise before its output has deviation σ. */
function logistic(sigma) {
  const base = tf.sequential({
    layers: [
      tf.layers.dense({ units: 1, inputShape: [1], kernelInitializer: 'ones', name: 'hidden' }),
      tf.layers.dense({ units: 2, activation: 'softmax', name: 'output' }),
    ],
  });
  base.layers[1].setWeights([tf.tensor2d([[0, 1]]), tf.zeros([2])]);
  return injectNoise(base, { layers: ['hidden'], initialSigma: sigma });
}

/** E over ε of sigmoid(z + σ ε), by the trapezoidal rule: the prediction averaged over infinitely many samples. */
function expected(z, sigma) {
  let [sum, weight] = [0, 0];
  for (let e = -8; e <= 8; e += 0.001) {
    const density = Math.exp((-e * e) / 2);
    sum += density / (1 + Math.exp(-(z + sigma * e)));
    weight += density;
  }
  return sum / weight;
}

test('the change of the loss is that of an integral, and σ is as before', async () => {
  const [z, sigma] = [2, 3];
  const model = logistic(sigma);
  const set = { x: tf.tensor2d([[z], [z]]), labels: [1, 0] };
  const { hidden_noise: change } = await flatness(model, set, 8000);
  const loss = (s) => (-Math.log(expected(z, s)) - Math.log(1 - expected(z, s))) / 2;
  // A probability deviates by less than 1/2, its mean over 8,000 draws by less than 0.0056, and the logarithm of one above 0.2 by
  // less than 0.028. The loss is the mean of two such logarithms. The bounds are 0.05.
  expect(change.divided.mean).toBeCloseTo(loss(sigma / 1.5) - loss(sigma), 1);
  expect(change.multiplied.mean).toBeCloseTo(loss(sigma * 1.5) - loss(sigma), 1);
  expect(change.divided.mean).toBeGreaterThan(0);
  expect(change.multiplied.mean).toBeLessThan(0);
  expect(change.divided.error).toBeGreaterThan(0);
  const [layer] = noiseLayers(model);
  expect(layer.sigma().dataSync()[0]).toBeCloseTo(sigma, 5);
  model.dispose();
});
