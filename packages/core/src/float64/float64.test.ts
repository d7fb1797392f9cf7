import { expect, test } from 'vitest';
import { frameworkContract } from '../testing/frameworkContract';
import type { Array64 } from './array64';
import { float64 as fw } from './float64';

for (const { name, run } of frameworkContract(fw, { tolerance: 1e-12 })) {
  // The contract compares with float64 itself: what it means for float64 is below, by finite differences.
  test(name, run);
}

const x = () => fw.variable(fw.array([0.4, -1.3, 2.1, 0.7, -0.2, 1.6], [2, 3]));
const y = fw.array([1.2, 0.8, -0.5, 1.9, 2.4, -1.1], [2, 3]);
const column = fw.array([0.5, -2], [2, 1]);

test.each<[string, (x: Array64) => Array64]>([
  ['add', (v) => fw.add(v, column)],
  ['sub', (v) => fw.sub(column, v)],
  ['mul', (v) => fw.mul(v, fw.mul(v, column))],
  ['div', (v) => fw.div(y, fw.softplus(v))],
  ['div below', (v) => fw.div(v, y)],
  ['maximum', (v) => fw.maximum(v, fw.array(0.5))],
  ['exp', (v) => fw.exp(v)],
  ['log', (v) => fw.log(fw.abs(v))],
  ['sqrt', (v) => fw.sqrt(fw.softplus(v))],
  ['where', (v) => fw.where(fw.maximum(v, fw.array(0)), fw.mul(v, v), v)],
  ['sum', (v) => fw.mul(fw.sum(v, [1]), fw.sum(v, [-1]))],
  ['max', (v) => fw.max(v, [0])],
  ['matMul', (v) => fw.matMul(v, fw.reshape(v, [3, 2]))],
  ['stack', (v) => fw.stack([v, fw.mul(v, v)])],
  ['a variable used twice', (v) => fw.add(fw.mul(v, y), fw.exp(v))],
])('%s: the gradient agrees with central differences', (_, f) => {
  const variable = x();
  const loss = () => {
    const out = f(variable);
    return fw.sum(fw.mul(out, fw.normal(out.shape, 3)));
  };
  const { gradients } = fw.valueAndGradients(loss, [variable]);
  for (let i = 0; i < variable.data.length; i++) {
    const at = variable.data[i];
    const difference = [1e-5, -1e-5].map((h) => {
      variable.data[i] = at + h;
      return loss().data[0];
    });
    variable.data[i] = at;
    const expected = (difference[0] - difference[1]) / 2e-5;
    expect(Math.abs(gradients[0].data[i] - expected)).toBeLessThan(1e-8 * (1 + Math.abs(expected)));
  }
});

test('shapes that do not match are refused', () => {
  expect(() => fw.add(fw.array([1, 2]), fw.array([1, 2, 3]))).toThrow('[2] and [3] do not broadcast');
  expect(() => fw.array([1, 2, 3], [2, 2])).toThrow('3 values do not fill shape [2,2]');
  expect(() => fw.matMul(fw.array([1, 2]), y)).toThrow('cannot multiply');
  expect(() => fw.valueAndGradients(() => y, [y])).toThrow('needs a scalar');
});
