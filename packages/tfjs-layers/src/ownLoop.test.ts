import { adam, createTrainer, regularizationParameter } from '@crossreg/core';
import { addNoise, deriveKey, tfjs } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { injectNoise, noiseLayers } from './injectNoise';

beforeAll(() => tf.setBackend('cpu'));

test('nothing to tune in an own loop either: createTrainer and the callback reach the same σ', async () => {
  const steps = 1000;
  const x = tf.randomNormal([16, 4], 0, 1, 'float32', 1);
  const xHeld = tf.randomNormal([64, 4], 0, 1, 'float32', 2);
  // A line with strong noise, which a network of 24 units memorizes in part.
  const target = (inputs: tf.Tensor, seed: number) =>
    tf.add(tf.sum(inputs, 1, true), tf.randomNormal([inputs.shape[0], 1], 0, 2, 'float32', seed));
  const [y, yHeld] = [target(x, 3), target(xHeld, 4)];
  const init = (seed: number) => tf.initializers.glorotNormal({ seed });

  const plain = tf.sequential({
    layers: [
      tf.layers.dense({ units: 24, inputShape: [4], activation: 'tanh', kernelInitializer: init(1) }),
      tf.layers.dense({ units: 1, kernelInitializer: init(2) }),
    ],
  });
  const theta = plain.getWeights().map((w) => tf.variable(w));
  const model = injectNoise(plain);
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
  const cross = crossRegularization({ regularizationData: [xHeld, yHeld], batchSize: 64 });
  for (let i = 0; i < steps; i++) await cross.trainOnBatch(model, x, y);
  const byCallback = noiseLayers(model)[0].sigma().dataSync()[0];

  // The same network in operations: each channel's noise is σ times its deviation, as a constant.
  const raw = tf.variable(tf.scalar(Math.log(0.3)));
  const output = (inputs: tf.Tensor, seed: number) => {
    const before = tf.add(tf.matMul(inputs, theta[0] as tf.Tensor2D), theta[1]);
    const deviation = tf.sqrt(tf.moments(before, 0).variance).dataSync();
    const scale = tf.mul(tf.exp(raw), tf.tensor1d(deviation));
    return tf.add(
      tf.matMul(tf.tanh(addNoise(before, scale, deriveKey(seed))) as tf.Tensor2D, theta[2] as tf.Tensor2D),
      theta[3],
    );
  };
  const loss = (inputs: tf.Tensor, targets: tf.Tensor, samples: number, seed: number) => {
    const draws = Array.from({ length: samples }, (_, k) => output(inputs, seed + k));
    return tf.losses.meanSquaredError(targets, tf.div(tf.addN(draws), samples));
  };
  const trainer = createTrainer<tf.Tensor, tf.Tensor[]>({
    framework: tfjs,
    theta,
    rho: [regularizationParameter(tfjs, { name: 'sigma', variable: raw, min: 0.03 })],
    trainLoss: ([inputs, targets], { seed }) => loss(inputs, targets, 1, seed),
    regularizationLoss: ([inputs, targets], { samples, seed }) => loss(inputs, targets, samples, seed),
    thetaOptimizer: adam({ learningRate: 0.01 }),
  });
  for (let i = 0; i < steps; i++) trainer.step([x, y], () => [xHeld, yHeld]).dispose();
  const byLoop = Math.exp(raw.dataSync()[0]);

  console.log({ byCallback, byLoop });
  // σ rose by far more than the difference of the two, which draw different noise where the loss is nearly flat in σ.
  expect(Math.log(byCallback / 0.3)).toBeGreaterThan(1.8);
  expect(Math.abs(Math.log(byLoop / byCallback))).toBeLessThan(0.5);
});
