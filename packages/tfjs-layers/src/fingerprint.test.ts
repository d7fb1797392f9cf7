import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { fingerprint, fingerprints } from './fingerprint';

beforeAll(() => tf.setBackend('cpu'));

const numbers = Array.from({ length: 300 }, (_, i) => Math.sin(i));
const examples = (values = numbers) => tf.tensor(values, [100, 3]);

test('equal arrays have equal fingerprints; one other number, order or shape makes another', async () => {
  const one = await fingerprint(examples());
  expect(await fingerprint(examples())).toEqual(one);
  expect(one.shape).toEqual([100, 3]);
  const others = [
    examples([7, ...numbers.slice(1)]),
    tf.reverse(examples(), 0),
    tf.tensor(numbers, [300, 1]),
    tf.neg(examples()),
  ];
  for (const other of others) expect(await fingerprint(other)).not.toEqual(one);
});

test('a variable is looked at again, because its value can change', async () => {
  const variable = tf.variable(examples());
  const before = await fingerprint(variable);
  variable.assign(tf.neg(examples()));
  expect(await fingerprint(variable)).not.toEqual(before);
});

test('fingerprints of examples are those of their arrays, and leave no tensors', async () => {
  const [x, y] = [examples(), tf.ones([100, 1])];
  const count = tf.memory().numTensors;
  expect(await fingerprints({ x: [x, y], y: [y] })).toEqual({
    x: [await fingerprint(x), await fingerprint(y)],
    y: [await fingerprint(y)],
  });
  expect(tf.memory().numTensors).toBe(count);
});
