import '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { operation } from './operation';

const cube = (a: tf.Tensor) =>
  operation(
    { a },
    () => tf.mul(a, tf.mul(a, a)),
    (dy, [saved]) => ({ a: () => tf.mul(dy, tf.mul(3, tf.square(saved))) }),
    [a],
  );

describe.each(['cpu', 'wasm'])('%s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  test('saved tensors survive a tidy around the forward pass, and none survives the gradient', () => {
    const x = tf.tensor1d([1, -2]);
    const before = tf.memory().numTensors;
    // Nothing else holds the result of add, so the tidy disposes it before the backward pass.
    const dx = tf.grad((v: tf.Tensor) => tf.tidy(() => tf.sum(cube(tf.add(v, 1)))))(x);
    expect([...dx.dataSync()]).toEqual([12, 3]);
    dx.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('without a gradient nothing is kept', () => {
    const x = tf.tensor1d([2]);
    const before = tf.memory().numTensors;
    expect([...tf.tidy(() => cube(x).dataSync())]).toEqual([8]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
