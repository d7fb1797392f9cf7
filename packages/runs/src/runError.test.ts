import { expect, test } from 'vitest';
import { errorLike, runErrorOf } from './runError';

test.each([
  {
    name: 'RangeError',
    message: 'no such batch',
    stack: 'RangeError: no such batch\n    at train (train.mjs:3:1)',
  },
  { name: 'ResultError', message: 'a: b: c', stack: 'Error: a: b: c\n    at x (y.mjs:1:1)' },
  { name: 'Error', message: '' },
])('$name: $message comes through a message and a stack', (error) => {
  const { message, stack } = errorLike(error, new Error(error.message));
  expect(runErrorOf(message, stack)).toMatchObject({ name: error.name, message: error.message });
});
