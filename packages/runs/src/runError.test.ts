import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { errorLike, runErrorOf, runErrorOfThrown } from './runError';

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

const cyclic: Record<string, unknown> = { code: 5 };
cyclic.self = cyclic;

const itself = new Error('again');
itself.cause = itself;

test.each<[string, unknown, string, string]>([
  ['an error', new RangeError('no such batch'), 'RangeError', 'no such batch'],
  [
    'an error of another realm',
    runInNewContext('new TypeError("from elsewhere")'),
    'TypeError',
    'from elsewhere',
  ],
  ['a text', 'out of memory', 'Error', 'out of memory'],
  ['an object with a message', { code: 'E5', message: 'no reply' }, 'Error', 'no reply'],
  ['an object without one', { code: 5 }, 'Error', '{ code: 5 }'],
  ['an object that contains itself', cyclic, 'Error', '<ref *1> { code: 5, self: [Circular *1] }'],
  ['an object without a prototype', Object.create(null), 'Error', '[Object: null prototype] {}'],
  ['an error with an odd message', Object.assign(new Error(), { message: 7 }), 'Error', expect.any(String)],
  [
    'an error with causes',
    new TypeError('fetch failed', { cause: new Error('lost', { cause: { code: 'E5', message: '' } }) }),
    'TypeError',
    'fetch failed (cause: lost; E5)',
  ],
  ['an error that is its own cause', itself, 'Error', 'again (cause: again)'],
  ['nothing', undefined, 'Error', 'undefined'],
  ['null', null, 'Error', 'null'],
  ['a symbol', Symbol('stop'), 'Error', 'Symbol(stop)'],
])('a task may throw %s', (_, thrown, name, message) => {
  expect(runErrorOfThrown(thrown)).toMatchObject({ name, message });
});
