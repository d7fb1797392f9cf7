import type { Averaging } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { averageOutputs } from './averageOutputs';

beforeAll(() => tf.setBackend('cpu'));

const rows = [
  [0.2, -1.5, 3],
  [10, -20, 0.5],
];
const others = [
  [1, 0.3, -2],
  [-9, 25, 0.5],
];
const third = [
  [-0.4, 2, 2],
  [0, 0, -30],
];
const draws = [rows, others, third];

/** The average of three inputs, as a model makes it. */
function averaged(averaging: Averaging, name: string) {
  const inputs = draws.map(() => tf.input({ shape: [3] }));
  const model = tf.model({ inputs, outputs: averageOutputs(inputs, averaging, name) });
  return {
    model,
    result: (model.predict(draws.map((draw) => tf.tensor2d(draw))) as tf.Tensor2D).arraySync(),
  };
}
const softmax = (z: number[]) => {
  const total = z.reduce((sum, v) => sum + Math.exp(v), 0);
  return z.map((v) => Math.exp(v) / total);
};
const mean = (xs: number[]) => xs.reduce((a, b) => a + b) / xs.length;

test.each(['mean', 'probabilities'] as const)("'%s' is the mean", (averaging) => {
  averaged(averaging, `test_${averaging}`).result.forEach((row, b) => {
    row.forEach((v, c) => {
      expect(v).toBeCloseTo(mean(draws.map((draw) => draw[b][c])), 5);
    });
  });
});

test("'logits': the log of the mean softmax, also where a probability is 1e-19", () => {
  averaged('logits', 'test_logits').result.forEach((row, b) => {
    row.forEach((v, c) => {
      const expected = Math.log(mean(draws.map((draw) => softmax(draw[b])[c])));
      expect(Math.abs(v - expected)).toBeLessThan(2e-5 * Math.max(1, Math.abs(expected)));
    });
  });
});

test("'sigmoidLogits': the logit of the mean sigmoid", () => {
  averaged('sigmoidLogits', 'test_sigmoid').result.forEach((row, b) => {
    row.forEach((v, c) => {
      const p = mean(draws.map((draw) => 1 / (1 + Math.exp(-draw[b][c]))));
      const q = mean(draws.map((draw) => 1 / (1 + Math.exp(draw[b][c]))));
      const expected = Math.log(p) - Math.log(q);
      expect(Math.abs(v - expected)).toBeLessThan(2e-5 * Math.max(1, Math.abs(expected)));
    });
  });
});

test('has stock layers only, none of which trains', () => {
  const { model } = averaged('sigmoidLogits', 'test_stock');
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  for (const layer of model.layers) {
    expect(known[layer.getClassName()]).toBeDefined();
    expect(layer.constructor).toBe(known[layer.getClassName()][0]);
  }
  expect(model.trainableWeights).toHaveLength(0);
});

test('one draw is its own average; logits of no fixed shape are refused', () => {
  const input = tf.input({ shape: [3] });
  expect(averageOutputs([input], 'logits', 'one')).toBe(input);
  const open = [0, 1].map(() => tf.input({ shape: [null, 3] }));
  expect(() => averageOutputs(open, 'logits', 'two')).toThrow('logits can only be averaged in a fixed shape');
});
