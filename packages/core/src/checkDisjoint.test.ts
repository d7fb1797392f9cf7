import { expect, test } from 'vitest';
import { checkDisjoint } from './checkDisjoint';

test('two groups without a common parameter are accepted; anything else is refused', () => {
  checkDisjoint({ theta: ['w', 'b'], rho: ['s'] });
  expect(() => checkDisjoint({ theta: ['w'], rho: ['w'] })).toThrow('rho: rho[0] is also theta[0]');
  expect(() => checkDisjoint({ theta: ['w', 'w'], rho: ['s'] })).toThrow('theta[1] is also theta[0]');
  expect(() => checkDisjoint({ theta: [], rho: ['s'] })).toThrow('theta: is empty');
  expect(() => checkDisjoint({ theta: ['w'], rho: [] })).toThrow('rho: is empty');
});
