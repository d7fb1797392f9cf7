import { expect, test } from 'vitest';
import { checkPartition } from './checkPartition';

test('the split is disjoint and complete, or refused', () => {
  expect(checkPartition({ theta: ['w', 'b'], rho: ['s'], all: ['w', 'b', 's'] })).toEqual({
    theta: ['w', 'b'],
    rho: ['s'],
  });
  expect(() => checkPartition({ theta: ['w'], rho: ['w'] })).toThrow('rho: rho[0] is also theta[0]');
  expect(() => checkPartition({ theta: ['w', 'w'], rho: ['s'] })).toThrow('theta[1] is also theta[0]');
  expect(() => checkPartition({ theta: ['w'], rho: ['s'], all: ['b'] })).toThrow(
    'all[0] is neither in theta nor in rho',
  );
  expect(() => checkPartition({ theta: [], rho: ['s'] })).toThrow('theta: is empty');
});
