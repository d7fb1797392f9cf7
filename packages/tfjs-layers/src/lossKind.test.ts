import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import type { LossFunction } from './internals';
import { knownLossKind, lossKind, lossKindNow } from './lossKind';

beforeAll(() => tf.setBackend('cpu'));

const each = (loss: (y: tf.Tensor, z: tf.Tensor) => tf.Tensor): LossFunction => loss;
const softmax = each((y, z) => tf.losses.softmaxCrossEntropy(y, z));
const sigmoid = each((y, z) => tf.losses.sigmoidCrossEntropy(y, z));

test.each<[string, LossFunction, number[], 'softmax' | 'sigmoid' | 'other']>([
  ['softmax cross-entropy', softmax, [0, 3], 'softmax'],
  ['the same, doubled', each((y, z) => tf.mul(2, softmax(y, z))), [0, 3], 'softmax'],
  ['the same, on pixels', softmax, [0, 4, 4, 3], 'softmax'],
  ['sigmoid cross-entropy', sigmoid, [0, 3], 'sigmoid'],
  ['of one unit', sigmoid, [0, 1], 'sigmoid'],
  [
    'with weights of the classes',
    each((y, z) => tf.mul(tf.add(1, tf.mul(4, y)), tf.add(tf.softplus(z), tf.neg(tf.mul(y, z))))),
    [0, 1],
    'sigmoid',
  ],
  ['squared error', each((y, z) => tf.losses.meanSquaredError(y, z)), [0, 3], 'other'],
  ['hinge', each((y, z) => tf.relu(tf.sub(1, tf.mul(tf.sub(tf.mul(2, y), 1), z)))), [0, 1], 'other'],
  [
    'categorical hinge, which no shift of all logits changes either',
    each((y, z) =>
      tf.relu(tf.add(1, tf.sub(tf.max(tf.sub(z, tf.mul(y, 1e3)), -1), tf.sum(tf.mul(y, z), -1)))),
    ),
    [0, 3],
    'other',
  ],
  ['of probabilities', each((y, p) => tf.metrics.categoricalCrossentropy(y, p)), [0, 3], 'other'],
  [
    'a loss that refuses such targets',
    each(() => {
      throw new Error('labels must be numbers of classes');
    }),
    [0, 3],
    'other',
  ],
])('%s', async (_, loss, shape, kind) => {
  // The axis of examples is open.
  const open = [null, ...shape.slice(1)];
  // A new loss for each call, because the kind of a loss is remembered.
  const [now, later] = [0, 1].map((): LossFunction => (y, z) => loss(y, z));
  expect(lossKindNow(now, open)).toBe(kind);
  expect(await lossKind(later, open)).toBe(kind);
});

test('the kind is remembered by loss and shape', async () => {
  let calls = 0;
  const counted: LossFunction = (y, z) => {
    calls += 1;
    return softmax(y, z);
  };
  expect(knownLossKind(counted, [null, 3])).toBeUndefined();
  await lossKind(counted, [null, 3]);
  const after = calls;
  expect(knownLossKind(counted, [null, 3])).toBe('softmax');
  expect(lossKindNow(counted, [null, 3])).toBe('softmax');
  expect(calls).toBe(after);
  expect(knownLossKind(counted, [null, 4])).toBeUndefined();
});

test('nothing leaks', () => {
  const before = tf.memory().numTensors;
  lossKindNow((y, z) => softmax(y, z), [null, 3]);
  expect(tf.memory().numTensors).toBe(before);
});
