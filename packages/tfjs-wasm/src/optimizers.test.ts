import './registerKernels';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, test } from 'vitest';
import { floats, wasm } from '../test/agreement';
import { native } from '../test/builtNative';
import { kernelsOf } from './kernels';

const shapes = [[1], [7], [33, 65], [3, 3, 4, 5]];

const optimizers = {
  adam: () => tf.train.adam(0.02, 0.8, 0.99),
  sgd: () => tf.train.sgd(0.02),
  momentum: () => tf.train.momentum(0.02, 0.8),
  nesterov: () => tf.train.momentum(0.02, 0.8, true),
  rmsprop: () => tf.train.rmsprop(0.02, 0.8),
  'rmsprop with momentum': () => tf.train.rmsprop(0.02, 0.8, 0.7, 1e-3),
  // tfjs subtracts ε from the variance of the gradient, so a number whose first gradient is below 8e-4 becomes NaN.
  'rmsprop, centered': () => tf.train.rmsprop(0.02, 0.8, 0.7, 1e-7, true),
};
type Name = keyof typeof optimizers;
const names = Object.keys(optimizers) as Name[];

type Gradients = Parameters<tf.Optimizer['applyGradients']>[0];
const apply = (optimizer: tf.Optimizer, gradients: Record<string, tf.Tensor | null>) =>
  optimizer.applyGradients(gradients as Gradients);

/** Values of all variables after some steps from fixed values along fixed gradients, and the optimizer's weights. */
async function trajectory(
  backend: string,
  name: Name,
  steps: number,
  change?: (optimizer: tf.Optimizer) => Promise<void>,
) {
  await tf.setBackend(backend);
  const optimizer = optimizers[name]();
  const variables = shapes.map((shape, i) =>
    tf.tensor(floats(shape, i).values, shape).variable(true, `v${i}`),
  );
  for (let step = 0; step < steps; step++) {
    tf.tidy(() => {
      const gradients = variables.map(({ name, shape }, i) => [
        name,
        // The loss depends on the second one in every other step only.
        i === 1 && step % 2 === 0 ? null : tf.tensor(floats(shape, 10 * step + i).values, shape),
      ]);
      apply(optimizer, Object.fromEntries(gradients));
    });
    if (step === 1) await change?.(optimizer);
  }
  const weights = await optimizer.getWeights();
  const kept = weights.slice(1).map(({ tensor }) => tensor);
  const result = {
    names: weights.map((weight) => weight.name),
    steps: optimizer.iterations,
    values: [...variables, ...kept].map((t) => Array.from(t.dataSync())),
  };
  tf.dispose([variables, weights[0].tensor]);
  optimizer.dispose();
  return result;
}

type Trajectory = Awaited<ReturnType<typeof trajectory>>;

function expectSame(actual: Trajectory, expected: Trajectory) {
  expect(actual.names).toEqual(expected.names);
  expect(actual.steps).toBe(expected.steps);
  const numbers = expected.values.flat();
  expect(numbers.filter(Number.isFinite).length).toBeGreaterThan(0.99 * numbers.length);
  expect(actual.values).toEqual(expected.values);
}

afterEach(() => kernelsOf(wasm()).useNative(undefined));

describe.each(native ? [false, true] : [false])('on wasm, beside native kernels: %s', (isNative) => {
  const onWasm: typeof trajectory = async (...args) => {
    await tf.setBackend('wasm');
    kernelsOf(wasm()).useNative(isNative ? native : undefined, 2);
    return trajectory(...args);
  };

  test.each(names)('%s gives the weights and state of tfjs on cpu, to the bit', async (name) => {
    expectSame(await onWasm('wasm', name, 20), await trajectory('cpu', name, 20));
  });

  test.each(names)('%s continues from saved weights', async (name) => {
    const reload = async (optimizer: tf.Optimizer) => {
      const weights = await optimizer.getWeights();
      await optimizer.setWeights(weights.map((weight) => ({ ...weight, tensor: weight.tensor.clone() })));
    };
    expectSame(await onWasm('wasm', name, 6, reload), await trajectory('cpu', name, 6, reload));
  });
});

test.each(names)('%s runs one kernel for all variables', async (name) => {
  await tf.setBackend('wasm');
  const optimizer = optimizers[name]();
  const variables = shapes.map((shape) => tf.ones(shape).variable());
  const step = () => apply(optimizer, Object.fromEntries(variables.map((v) => [v.name, tf.ones(v.shape)])));
  tf.tidy(step);
  const { kernels } = await tf.profile(() => tf.tidy(step) as unknown as tf.TensorContainer);
  // Apart from the gradients of this test, and from Adam's two powers of β.
  const own = kernels.filter((kernel) => kernel.name !== 'Fill' && kernel.outputShapes[0].length > 0);
  expect(own).toHaveLength(1);
  tf.dispose(variables);
  optimizer.dispose();
});

test.each(names)(
  '%s leaves values read before a step: variables share memory with their clones',
  async (name) => {
    await tf.setBackend('wasm');
    const optimizer = optimizers[name]();
    const variable = tf.variable(tf.tensor1d([1, 2, 3]));
    const step = () => tf.tidy(() => apply(optimizer, { [variable.name]: tf.tensor1d([1, 2, 4]) }));
    step();
    const weights = await optimizer.getWeights();
    const before = [variable, ...weights.map(({ tensor }) => tensor)].map((each) => each.clone());
    const values = before.map((each) => [...each.dataSync()]);
    const tensors = tf.memory().numTensors;
    step();
    expect(before.map((each) => [...each.dataSync()])).toEqual(values);
    expect([...variable.dataSync()]).not.toEqual(values[0]);
    expect(tf.memory().numTensors).toBe(tensors);
    optimizer.dispose();
    tf.dispose([variable, weights[0].tensor, before]);
  },
);

test('a learning rate that is set holds from the next step on', async () => {
  await tf.setBackend('wasm');
  for (const make of [optimizers.sgd, optimizers.momentum]) {
    const optimizer = make();
    const variable = tf.variable(tf.scalar(1));
    optimizer.setLearningRate(0.5);
    tf.tidy(() => apply(optimizer, { [variable.name]: tf.scalar(1) }));
    expect(variable.dataSync()[0]).toBe(0.5);
    variable.dispose();
    optimizer.dispose();
  }
});
