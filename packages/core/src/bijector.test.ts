import { expect, test } from 'vitest';
import { bounded, exp, softplus } from './bijector';
import { float64 as fw } from './float64/float64';

test.each([
  ['exp', exp, [1e-6, 0.3, 1, 50]],
  ['softplus', softplus, [1e-6, 0.3, 1, 50]],
  ['bounded', bounded(-2, 3), [-1.999, 0, 2.9]],
] as const)('%s: inverse and forward undo each other', (_, bijector, values) => {
  for (const value of values) {
    const back = bijector.forward(fw, fw.array(bijector.inverse(value))).data[0];
    expect(back).toBeCloseTo(value, 9);
  }
});

test('a value outside the range is refused by its name', () => {
  expect(() => exp.inverse(0, 'initialSigma')).toThrow(
    'initialSigma: must be strictly between 0 and Infinity, but is 0',
  );
  expect(() => bounded(0, 1).inverse(1)).toThrow('strictly between 0 and 1');
  expect(() => bounded(2, 1)).toThrow('lower < upper');
});
