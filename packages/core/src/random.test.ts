import { expect, test } from 'vitest';
import { deriveSeed, permutation, uniform } from './random';

test('derived seeds differ in every part of the path, and order counts', () => {
  const seeds = [
    deriveSeed(1),
    deriveSeed(2),
    deriveSeed(1, 0),
    deriveSeed(1, 1),
    deriveSeed(1, 0, 1),
    deriveSeed(1, 1, 0),
  ];
  expect(new Set(seeds).size).toBe(seeds.length);
  expect(deriveSeed(1, 2, 3)).toBe(deriveSeed(1, 2, 3));
});

test('uniform numbers are spread evenly over bins (χ², 99 degrees of freedom, false alarm 1e-4)', () => {
  const next = uniform(3);
  const bins = new Array<number>(100).fill(0);
  for (let i = 0; i < 1e5; i++) bins[Math.floor(next() * 100)] += 1;
  expect(bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(161);
});

test('a permutation has every index once', () => {
  expect([...permutation(50, 1)].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect([...permutation(50, 1)]).not.toEqual([...permutation(50, 2)]);
});
