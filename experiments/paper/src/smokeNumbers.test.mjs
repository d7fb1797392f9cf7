import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { linearNumbers, networkNumbers } from './smokeNumbers.mjs';

// A change of the method changes these numbers, and says so here; a change that moves or renames code does not. The last one: the
// regularization loss of a cross-entropy is debiased by default.
const before = JSON.parse(readFileSync(new URL('../results/smoke.json', import.meta.url), 'utf8'));

/**
 * Bits are not compared, because exp and similar functions depend on the engine, and newer engines fuse multiplications with
 * additions.
 */
function expectSame(now, then, tolerance) {
  expect(Object.keys(now)).toEqual(Object.keys(then));
  for (const [name, numbers] of Object.entries(now)) {
    expect(numbers, name).toHaveLength(then[name].length);
    for (const [i, value] of numbers.entries())
      expect(Math.abs(value - then[name][i]), `${name}, number ${i}`).toBeLessThanOrEqual(
        tolerance * Math.abs(then[name][i]) + 1e-12,
      );
  }
}

test('no refactoring changes the numbers of linear and core in float64', () => {
  expectSame(linearNumbers(), before.linear, 1e-9);
});

test('no refactoring changes the numbers of small networks, on wasm in float32', async () => {
  expectSame(await networkNumbers(), before.networks, 1e-3);
}, 120_000);
