import { expect, test } from 'vitest';
import { restoreRemovedFromNode } from './removedFromNode';

test('functions that Node removed are restored, and answer as before', () => {
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

test('functions that Node still has are not replaced, unless they warn', () => {
  const own = () => false;
  const util: Record<string, unknown> = { isNullOrUndefined: own, inspect: own };
  restoreRemovedFromNode(util, '20.11.0');
  expect(util.isNullOrUndefined).toBe(own);
  restoreRemovedFromNode(util, '22.1.0');
  expect(util.isNullOrUndefined).not.toBe(own);
  expect(util.inspect).toBe(own);
});
