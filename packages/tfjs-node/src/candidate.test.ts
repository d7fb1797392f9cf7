import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { diagnose, Unusable } from './candidate';

const thrown = async (f: () => unknown): Promise<unknown> => {
  try {
    await f();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};
const require = createRequire(import.meta.url);
const withCode = (message: string, code?: string) => Object.assign(new Error(message), { code });

test('a missing package, by the error of require', async () => {
  const error = await thrown(() => require('@crossreg/there-is-none'));
  expect(diagnose(error)).toEqual({
    cause: 'not installed',
    message: 'The npm package @crossreg/there-is-none is not installed.',
  });
});

test('and by the error of import', () => {
  const error = withCode(
    "Cannot find package '@tensorflow/tfjs-node' imported from /app/index.js",
    'ERR_MODULE_NOT_FOUND',
  );
  expect(diagnose(error).cause).toBe('not installed');
});

test('a missing file of an installed package means its library, not the package', async () => {
  const error = await thrown(() => require('./build/tfjs_binding.node'));
  expect(diagnose(error).cause).toBe('native library missing');
  const absolute = withCode("Cannot find module '/app/node_modules/x/lib/binding.node'", 'MODULE_NOT_FOUND');
  expect(diagnose(absolute).cause).toBe('native library missing');
  const opened = withCode('libtensorflow.so.2: cannot open shared object file', 'ERR_DLOPEN_FAILED');
  expect(diagnose(opened).cause).toBe('native library missing');
});

test.each([
  'was compiled against a different Node.js version using NODE_MODULE_VERSION 93.',
  '(0 , util_1.isNullOrUndefined) is not a function',
  'util.isNullOrUndefined is not a function',
  'The N-API version of this Node instance is 3.',
])('another version of Node: %s', (message) => {
  expect(diagnose(withCode(message))).toEqual({
    cause: 'Node version',
    message: `Node ${process.versions.node}: ${message}`,
  });
});

test('our diagnosis, and everything else by its first line', () => {
  expect(diagnose(new Unusable('no adapter', 'There is no GPU.'))).toEqual({
    cause: 'no adapter',
    message: 'There is no GPU.',
  });
  expect(diagnose(withCode('Out of memory.\n    at a page of others'))).toEqual({
    cause: 'failed',
    message: 'Out of memory.',
  });
  expect(diagnose('a string')).toEqual({ cause: 'failed', message: 'a string' });
});
