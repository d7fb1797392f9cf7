import { expect, test } from 'vitest';
import { ArgumentError } from './argumentError';
import { checkOptions } from './checkOptions';

interface Options {
  averaging?: string;
  batchSize?: number;
  seed?: number;
}
const check = (options: unknown) => () =>
  checkOptions('predict', options as Options, { averaging: 1, batchSize: 1, seed: 1 });

test.each([
  ['averagng', 'averaging'], // one letter left out
  ['averging', 'averaging'],
  ['batchsize', 'batchSize'], // another case
  ['bacthSize', 'batchSize'], // two letters swapped
  ['sed', 'seed'],
])('%s: the nearest name is %s', (given, meant) => {
  expect(check({ [given]: 3 })).toThrow(
    `${given}: is not an option of predict, but was given as 3. Did you mean ${meant}? The options are averaging, batchSize, seed.`,
  );
  expect(check({ [given]: 3 })).toThrow(ArgumentError);
});

test('a name that is near to none gets no suggestion', () => {
  expect(check({ alpha: 1 })).toThrow('Leave it out. The options are averaging, batchSize, seed.');
});

test('known names and none at all are taken; an unknown one is refused even as undefined', () => {
  expect(check(undefined)).not.toThrow();
  expect(check({})).not.toThrow();
  expect(check({ averaging: undefined, seed: 1 })).not.toThrow();
  expect(check({ alpha: undefined })).toThrow('alpha');
});

test.each([null, 3, 'mean', ['mean'], () => 1])('%s is no object of options', (options) => {
  expect(check(options)).toThrow('options: must be an object with the options of predict');
});
