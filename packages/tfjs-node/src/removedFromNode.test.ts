import { expect, test } from 'vitest';
import { restoreRemovedFromNode } from './removedFromNode';

test('what Node no longer has is there again, and answers as it did', () => {
  const util: Record<string, unknown> = {};
  restoreRemovedFromNode(util, '24.0.0');
  const isNullOrUndefined = util.isNullOrUndefined as (value: unknown) => boolean;
  expect([null, undefined, 0, '', Number.NaN, {}].map(isNullOrUndefined)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  expect((util.isArray as (value: unknown) => boolean)([])).toBe(true);
});

test('what Node has stays as it is, unless it warns', () => {
  const own = () => false;
  const util: Record<string, unknown> = { isNullOrUndefined: own, inspect: own };
  restoreRemovedFromNode(util, '20.11.0');
  expect(util.isNullOrUndefined).toBe(own);
  restoreRemovedFromNode(util, '22.1.0');
  expect(util.isNullOrUndefined).not.toBe(own);
  expect(util.inspect).toBe(own);
});
