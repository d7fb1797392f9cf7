import '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { frameworkContract } from '@crossreg/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { tfjs } from './framework';

describe.each(['cpu', 'wasm'])('%s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
    await tf.ready();
  });

  const liveArrays = () => tf.memory().numTensors;
  for (const { name, run } of frameworkContract(tfjs, { liveArrays })) test(name, run);

  test('a loss of each example is refused (its sum was differentiated, and an empty one had no gradient)', () => {
    const x = tf.variable(tf.tensor1d([1, 2]), false);
    const gradients = (loss: unknown) => () => tfjs.valueAndGradients(() => loss as tf.Tensor, [x]);
    expect(gradients(tf.square(x))).toThrow('loss: must be a scalar, but is [2].');
    expect(gradients(tf.ones([0]))).toThrow('loss: must be a scalar, but is [0].');
    expect(gradients(3)).toThrow('loss: must be a scalar, but is 3.');
    x.dispose();
  });

  test('a gradient frees everything except its result', () => {
    const x = tf.variable(tf.tensor1d([1, 2]), false);
    const before = tf.memory().numTensors;
    const { value, gradients } = tfjs.valueAndGradients(() => tf.sum(tf.square(x)), [x]);
    expect(tf.memory().numTensors).toBe(before + 2);
    tf.dispose([value, ...gradients]);
    x.dispose();
  });
});
