import { createTrainer, exp, type Optimizer, regularizationParameter, type Trainer } from '@crossreg/core';
import '@crossreg/tfjs-wasm';
import '@tensorflow/tfjs';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu/dist/backend_cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { tfjs } from './framework';
import { addNoise, deriveKey } from './noise';
import { trainOptimizer } from './trainOptimizer';

beforeAll(() => {
  // A backend that the adapter does not know, like those with numbers on a device.
  tf.registerBackend('device', () => new MathBackendCPU());
  tf.copyRegisteredKernels('cpu', 'device');
});
afterEach(() => tf.disposeVariables());

const optimizers: Record<string, () => tf.Optimizer> = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.1, 0.9),
  rmsprop: () => tf.train.rmsprop(0.01, 0.9, 0.5, 1e-7, true),
  adagrad: () => tf.train.adagrad(0.1),
  adadelta: () => tf.train.adadelta(0.5),
  adam: () => tf.train.adam(0.05),
  adamax: () => tf.train.adamax(0.05),
};

const x = () => tf.linspace(-1, 1, 12).reshape([4, 3]) as tf.Tensor2D;
const start = () =>
  tf.tidy(() => [
    tf.variable(tf.linspace(-0.5, 1, 6).reshape([3, 2])),
    tf.variable(tf.tensor1d([0.1, -0.2])),
  ]);
const noise = () => {
  const variable = tf.tidy(() => tf.variable(tf.scalar(-1), false));
  return regularizationParameter<tf.Tensor>(tfjs, { name: 'σ', variable, bijector: exp });
};
const loss = ([w, b]: readonly tf.Tensor[], sigma: tf.Tensor, seed: number) =>
  tf.mean(
    tf.square(
      tf.sub(addNoise(tf.add(tf.matMul(x(), w as tf.Tensor2D), b), sigma, deriveKey(seed)), tf.scalar(1)),
    ),
  ) as tf.Scalar;

/** A run on its own θ; a poisoned step has NaN for its gradients. */
function run(optimizer: tf.Optimizer, every = 1000) {
  const theta = start();
  const rho = noise();
  let poison = false;
  const trainer = createTrainer<tf.Tensor, null>({
    framework: tfjs,
    theta,
    rho: [rho],
    trainLoss: (_, { seed }) => {
      const value = loss(theta, rho.value(), seed);
      return poison ? tf.mul(value, Number.NaN) : value;
    },
    regularizationLoss: (_, { seed }) => loss(theta, rho.value(), seed),
    thetaOptimizer: trainOptimizer(optimizer),
    schedule: { every },
  });
  const step = (n: number, poisoned = false) => {
    poison = poisoned;
    for (let i = 0; i < n; i++) trainer.step(null, () => null).dispose();
  };
  const values = () => theta.flatMap((each) => [...each.dataSync()]);
  return { trainer, theta, rho, step, values };
}

for (const backend of ['cpu', 'device', 'wasm']) {
  describe(`on ${backend}`, () => {
    beforeAll(() => tf.setBackend(backend));

    test.each(Object.entries(optimizers))('%s takes the same steps as in a loop by hand', (_, make) => {
      const seeds: number[] = [];
      const ours = run(make());
      ours.step(5);
      // The seeds of core's steps, recorded by a loop that does nothing else.
      const spy = createTrainer<tf.Tensor, null>({
        framework: tfjs,
        theta: start(),
        rho: [noise()],
        trainLoss: (_batch, { seed }) => {
          seeds.push(seed);
          return tf.scalar(0);
        },
        regularizationLoss: () => tf.scalar(0),
      });
      for (let i = 0; i < 5; i++) spy.step(null, () => null).dispose();
      const theta = start();
      const byHand = make();
      for (const seed of seeds) byHand.minimize(() => loss(theta, tf.exp(tf.scalar(-1)), seed), false, theta);
      expect(ours.values()).toEqual(theta.flatMap((each) => [...each.dataSync()]));
    });

    test('a step that is not finite leaves weights and state unchanged', () => {
      const spoilt = run(tf.train.adam(0.05));
      const before = spoilt.values();
      spoilt.step(2, true);
      expect(spoilt.values()).toEqual(before);
      // Adam's first step has the size of the learning rate for any gradient, because the moments are still empty.
      spoilt.step(1);
      spoilt.values().forEach((value, i) => {
        expect(Math.abs(value - before[i])).toBeCloseTo(0.05, 4);
      });
    });

    test.each(Object.entries(optimizers))(
      '%s: gradients that are not finite move nothing, although the loss is finite',
      (_, make) => {
        const theta = start();
        const optimizer = trainOptimizer(make())(tfjs, theta) as unknown as Optimizer<tf.Tensor>;
        const numbers = () => [...theta, ...optimizer.slots].map((each) => [...each.dataSync()]);
        const before = numbers();
        for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          const gradient = (w: tf.Tensor) =>
            tf.tensor([...new Array(w.size - 1).fill(0.5), bad], w.shape, 'float32');
          tf.tidy(() => optimizer.step(theta.map(gradient), tf.scalar(1)));
          expect(numbers()).toEqual(before);
        }
        optimizer.dispose();
      },
    );

    test('a saved run continues to the identical result in a new optimizer', async () => {
      const whole = run(tf.train.adam(0.05), 3);
      whole.step(4);
      const state = structuredClone(await whole.trainer.state());
      whole.step(5);
      const resumed = run(tf.train.adam(0.05), 3);
      resumed.trainer.loadState(state);
      resumed.step(5);
      expect(resumed.values()).toEqual(whole.values());
      expect([...resumed.rho.variable.dataSync()]).toEqual([...whole.rho.variable.dataSync()]);
    });

    test('steps leave no tensors behind, and dispose frees the state', () => {
      const before = tf.memory().numTensors;
      const { trainer, theta, rho, step } = run(tf.train.adam(0.05));
      step(1);
      const after = tf.memory().numTensors;
      step(3);
      expect(tf.memory().numTensors).toBe(after);
      (trainer as Trainer<tf.Tensor, null>).dispose();
      tf.dispose([theta, rho.variable]);
      expect(tf.memory().numTensors).toBe(before);
    });
  });
}

test('objects other than supported optimizers are refused', () => {
  const optimizer = tf.train.sgd(0.1);
  const theta = start();
  expect(() => trainOptimizer('adam' as unknown as tf.Optimizer)).toThrow(/optimizer: must be an optimizer/);
  expect(() => trainOptimizer(optimizer)(tfjs, [tf.scalar(1)])).toThrow(/theta: must be tf.Variables/);
  trainOptimizer(optimizer)(tfjs, theta);
  expect(() => trainOptimizer(optimizer)(tfjs, theta)).toThrow(
    /optimizer: SGD already trains other variables/,
  );
});

test.each(['cpu', 'device'])(
  'non-finite new values: finite gradients that overflow in the step move nothing (%s)',
  async (backend) => {
    await tf.setBackend(backend);
    for (const make of [() => tf.train.adam(0.1), () => tf.train.momentum(1e10, 0.9)]) {
      const theta = start();
      const optimizer = trainOptimizer(make())(tfjs, theta) as ReturnType<ReturnType<typeof trainOptimizer>>;
      const numbers = () => [...theta, ...optimizer.slots].map((x) => [...(x as tf.Tensor).dataSync()]);
      const before = numbers();
      const { numTensors } = tf.memory();
      // 10³⁰ is a float32, its square and 10⁴⁰ are not.
      tf.tidy(() => optimizer.step(theta.map((w) => tf.fill(w.shape, 1e30)) as never));
      expect(numbers()).toEqual(before);
      expect(tf.memory().numTensors).toBe(numTensors);
      tf.tidy(() =>
        optimizer.step(theta.map((w) => tf.fill(w.shape, 1e-12)) as never, tf.scalar(1) as never),
      );
      expect(numbers()).not.toEqual(before);
      optimizer.dispose();
    }
    await tf.setBackend('cpu');
  },
);
