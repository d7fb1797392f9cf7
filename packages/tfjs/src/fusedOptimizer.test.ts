import {
  adam,
  createTrainer,
  exp,
  type OptimizerFactory,
  regularizationParameter,
  sgd,
} from '@crossreg/core';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { tfjs } from './framework';

beforeAll(() => tf.setBackend('cpu'));
afterEach(() => {
  vi.restoreAllMocks();
  tf.disposeVariables();
});

const start = () =>
  tf.tidy(() => [
    tf.variable(tf.linspace(-0.5, 1, 6).reshape([3, 2])),
    tf.variable(tf.tensor1d([0.1, -0.2])),
  ]);
const loss = ([w, b]: readonly tf.Tensor[]) =>
  tf.mean(
    tf.square(tf.add(tf.matMul(tf.reshape(tf.linspace(-1, 1, 12), [4, 3]), w as tf.Tensor2D), b)),
  ) as tf.Scalar;
const numbers = (theta: readonly tf.Tensor[]) => theta.map((each) => [...each.dataSync()]);

/** A trainer and the θ that it trains. Without `thetaOptimizer`, `createTrainer` uses its default optimizer. */
function run(thetaOptimizer?: OptimizerFactory, theta = start()) {
  const variable = tf.tidy(() => tf.variable(tf.scalar(-1), false));
  const rho = regularizationParameter<tf.Tensor>(tfjs, { name: 'σ', variable, bijector: exp });
  const trainer = createTrainer<tf.Tensor, null>({
    framework: tfjs,
    theta,
    rho: [rho],
    trainLoss: () => loss(theta),
    regularizationLoss: () => tf.add(loss(theta), rho.value()),
    schedule: { every: 1000 },
    ...(thetaOptimizer && { thetaOptimizer }),
  });
  const step = (n: number) => {
    for (let i = 0; i < n; i++) trainer.step(null, () => null).dispose();
  };
  return { trainer, theta, step };
}

const falling = (step: number) => 0.1 / (step + 1);

test.each<[string, OptimizerFactory | undefined, () => tf.Optimizer, ((step: number) => number)?]>([
  ['the default', undefined, () => tf.train.adam(1e-3, 0.9, 0.999, 1e-8)],
  ['adam', adam({ learningRate: 0.05, beta1: 0.8 }), () => tf.train.adam(0.05, 0.8, 0.999, 1e-8)],
  ['sgd', sgd({ learningRate: 0.1 }), () => tf.train.sgd(0.1)],
  ['momentum', sgd({ learningRate: 0.1, momentum: 0.9 }), () => tf.train.momentum(0.1, 0.9)],
  ['adam, scheduled', adam({ learningRate: falling }), () => tf.train.adam(1, 0.9, 0.999, 1e-8), falling],
  ['sgd, scheduled', sgd({ learningRate: falling }), () => tf.train.sgd(1), falling],
])('%s is taken by tf.train: bit for bit the loop by hand', (_, factory, make, rateAt) => {
  const ours = run(factory);
  ours.step(5);
  const theta = start();
  const byHand = make();
  for (let step = 0; step < 5; step++) {
    if (rateAt && 'setLearningRate' in byHand) (byHand as tf.SGDOptimizer).setLearningRate(rateAt(step));
    else if (rateAt) Object.assign(byHand, { learningRate: rateAt(step) });
    byHand.minimize(() => loss(theta), false, theta);
  }
  expect(numbers(ours.theta)).toEqual(numbers(theta));
});

test.each([
  ['adam', adam({ learningRate: 0.05 })],
  ['sgd', sgd({ learningRate: 0.1 })],
  ['momentum', sgd({ learningRate: falling, momentum: 0.9 })],
])("%s follows core's own, which is made of the framework's operations", (_, factory) => {
  const fused = run(factory);
  fused.step(20);
  // Without settings the framework is not asked.
  const portable = run((framework, variables) => factory(framework, variables));
  portable.step(20);
  fused.theta.forEach((each, i) => {
    const [value, expected, first] = [each, portable.theta[i], start()[i]].map((x) => x.dataSync());
    value.forEach((x, j) => {
      expect(x).toBeCloseTo(expected[j], 5);
      expect(Math.abs(x - first[j])).toBeGreaterThan(1e-3);
    });
  });
});

test('Adam with increaseGain, and a factory without settings, are left to core', () => {
  const made = vi.spyOn(tf.train, 'adam');
  run(adam({ learningRate: 0.05, increaseGain: 2 })).step(1);
  run((framework, variables) => adam({ learningRate: 0.05 })(framework, variables)).step(1);
  expect(made).not.toHaveBeenCalled();
  run(adam({ learningRate: 0.05 }));
  expect(made).toHaveBeenCalledTimes(1);
});

test('a weight that is not finite stays as it is, and its neighbour moves', () => {
  const w = tf.tidy(() => tf.variable(tf.tensor1d([Number.NEGATIVE_INFINITY, -0.2])));
  const optimizer = tfjs.fusedOptimizer?.(adam({ learningRate: 0.05 }).settings, [w]);
  tf.tidy(() => optimizer?.step([tf.tensor1d([0, -3])], tf.scalar(1)));
  const [off, on] = w.dataSync();
  expect(off).toBe(Number.NEGATIVE_INFINITY);
  // Adam's first step has the size of the learning rate.
  expect(on).toBeCloseTo(-0.15, 5);
});

test('a saved run with a schedule continues to the identical result', async () => {
  const factory = adam({ learningRate: falling });
  const whole = run(factory);
  whole.step(4);
  const state = structuredClone(await whole.trainer.state());
  whole.step(5);
  const resumed = run(factory);
  resumed.trainer.loadState(state);
  resumed.step(5);
  expect(numbers(resumed.theta)).toEqual(numbers(whole.theta));
});

test('θ other than variables are refused by name', () => {
  const theta = start();
  expect(() => run(undefined, [theta[0], tf.tensor1d([0, 0]) as tf.Variable])).toThrow(
    /theta: must be tf\.Variables/,
  );
});

test('a function that gives no rate is refused at its step, and nothing has moved', () => {
  const rates = [0.1, 0.1];
  const { theta, step } = run(adam({ learningRate: (k) => rates[k] }));
  step(2);
  const before = numbers(theta);
  expect(() => step(1)).toThrow(
    'learningRate: must be a finite number of at least 0, but is undefined. The function gave this for step 2.',
  );
  expect(numbers(theta)).toEqual(before);
});
