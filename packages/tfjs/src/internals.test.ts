import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { heldVersions, runOperation, setIterations, slotsOf, slotsToCheck } from './internals';

const { version_core } = tf;
/** What a failing check says: which field of which version is not as `internals.ts` has it. */
const missing = (field: string) =>
  `TensorFlow.js ${version_core} keeps no ${field} as internals.ts reads it. Adapt its function there`;

test('is as we expect in the installed version of TensorFlow.js', () => {
  expect(heldVersions, `Not yet held for ${version_core}: add it once this file passes`).toContain(
    version_core,
  );
});

test('an operation is recorded with its gradient, which receives the saved tensors', () => {
  expect(
    (tf.engine() as unknown as Record<string, unknown>).runKernelFunc,
    missing('Engine.runKernelFunc'),
  ).toBeTypeOf('function');
  const x = tf.scalar(3);
  // The value is 5x, the gradient that it gives 7x.
  const times = (a: tf.Tensor) =>
    runOperation({
      inputs: { a },
      forwardFunc: (_, save) => {
        save([a]);
        return tf.mul(a, 5);
      },
      backwardsFunc: (dy, [saved]) => ({ a: () => tf.mul(dy, tf.mul(saved, 7)) }),
    });
  expect(times(x).dataSync()[0]).toBe(15);
  expect(tf.grad(times)(x).dataSync()[0]).toBe(21);
});

// By the formulas of the optimizers: one slot for each moment of the one variable, and Adam's and Adamax' powers of β.
test.each([
  ['sgd', tf.train.sgd(0.1), 0],
  ['momentum', tf.train.momentum(0.1, 0.9), 1],
  ['adagrad', tf.train.adagrad(0.1), 1],
  ['adadelta', tf.train.adadelta(0.1), 2],
  ['rmsprop', tf.train.rmsprop(0.1, 0.9, 0.5), 2],
  ['rmsprop, centered', tf.train.rmsprop(0.1, 0.9, 0.5, 1e-7, true), 3],
  ['adam', tf.train.adam(0.1), 4],
] as const)('%s: its variables are found, and its count of steps can be set', (name, optimizer, count) => {
  const x = tf.variable(tf.ones([2]));
  const before = slotsOf(optimizer).length;
  optimizer.applyGradients([{ name: x.name, tensor: tf.tensor1d([1, 2]) }]);
  const slots = slotsOf(optimizer);
  expect(slots.filter(({ shape }) => shape.length === 1).length, missing(`moments of ${name}`)).toBe(
    count - before,
  );
  expect(slots, missing(`variables of ${name}`)).toHaveLength(count);
  expect(slotsToCheck(optimizer), missing('accumulatedFirstMoment')).toHaveLength(
    name.startsWith('adam') ? count - 1 : count,
  );
  setIterations(optimizer, 17);
  expect(optimizer.iterations, missing('Optimizer.iterations_')).toBe(17);
});
