import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { checkConnection, saying, shown } from './connection';

test.each([
  ['redis://localhost', 'redis://localhost'],
  ['redis://:secret@10.0.0.1:6380/3', 'redis://***@10.0.0.1:6380/3'],
  ['rediss://user:secret@host?family=6&password=secret', 'rediss://***@host'],
])('%s is shown as %s', (connection, what) => {
  checkConnection(connection);
  expect(shown(connection)).toBe(what);
});

test.each(['', 'secret', 'localhost:6379', 'http://:secret@host', 'redis://', 7, undefined])(
  '%s is refused',
  (it) => {
    let refusal: unknown;
    try {
      checkConnection(it);
    } catch (error) {
      refusal = error;
    }
    expect(inspect(refusal)).toContain('must be a URL redis://');
    expect(inspect(refusal)).not.toContain('secret');
  },
);

test('the failed command is removed from an error', () => {
  const refused = Object.assign(new Error('WRONGPASS'), { command: { name: 'auth', args: ['secret'] } });
  expect(inspect(refused)).toContain('secret');
  expect(inspect(saying(refused))).toContain('WRONGPASS');
  expect(inspect(saying(refused))).not.toContain('secret');
  const other = new TypeError('x');
  expect(saying(other)).toBe(other);
});
