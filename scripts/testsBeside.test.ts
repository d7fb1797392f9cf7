import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testedElsewhere, withoutTest } from './testsBeside.mjs';
import { isTest, root } from './workspace.mjs';

test('a source file of more than a screen has its test beside it, or is listed in scripts/testsBeside.mjs', () => {
  expect(withoutTest().filter((file) => !testedElsewhere.has(file))).toEqual([]);
});

test('the list names only existing long files without a test beside them, and existing tests', () => {
  const needed = new Set(withoutTest());
  expect([...testedElsewhere.keys()].filter((file) => !needed.has(file))).toEqual([]);
  for (const where of testedElsewhere.values())
    expect(isTest(where) && existsSync(join(root, where)), where).toBe(true);
});
