import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { checkTaskExists, urlOfTask } from './options';

test('a task is refused if its file does not exist, and a path is relative to the working directory', () => {
  const here = new URL('./options.test.ts', import.meta.url);
  expect(urlOfTask('package.json')).toBe(pathToFileURL(`${process.cwd()}/package.json`).href);
  expect(() => checkTaskExists(urlOfTask('package.json'))).not.toThrow();
  expect(() => checkTaskExists(urlOfTask(here))).not.toThrow();
  expect(() => checkTaskExists(urlOfTask('./no such task.mjs'))).toThrow(
    /^task: is ".*\/no such task\.mjs", but there is no such file\./,
  );
  // Node can import these as well.
  expect(() => checkTaskExists('data:text/javascript,export default () => 1')).not.toThrow();
});
