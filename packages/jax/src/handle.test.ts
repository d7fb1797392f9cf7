import { defaultDevice, init, numpy as np } from '@jax-js/jax';
import { beforeAll, expect, test } from 'vitest';
import { handle, tidy } from './handle';
import { lift } from './lift';

beforeAll(async () => {
  await init('wasm');
  defaultDevice('wasm');
});

test('tidy frees everything created in it except its result', () => {
  const arrays = [1, 2, 3].map((x) => np.array([x, x]));
  const kept = tidy(() => {
    const [first, second] = arrays.map(handle);
    const inner = tidy(() => ({ second }));
    return { list: [inner.second], first: first.ref };
  });
  expect(arrays.map((x) => x.refCount)).toEqual([1, 1, 0]);
  kept.list[0].dispose();
  kept.list[0].dispose();
  expect(arrays[1].refCount).toBe(0);
  expect(() => kept.list[0].ref).toThrow(/has been disposed/);
  kept.first.dispose();
});

test('lift consumes its arguments and returns what core computes', () => {
  const [a, b] = [np.array([1, 2]), np.array([3, 5])];
  const [sum, again] = lift((fw, x, y) => [fw.add(fw.mul(x, x), y), x], a.ref, b);
  expect(sum.js()).toEqual([4, 9]);
  expect(again).toBe(a);
  expect([a.refCount, b.refCount]).toEqual([2, 0]);
});
