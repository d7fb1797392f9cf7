import { Array64 } from '@crossreg/core';
import { expect, test } from 'vitest';
import { combine, sums } from './sums';

/** Whole numbers, so that every sum is exact in whatever order it is made. */
const whole = (count: number, offset = 0) =>
  Float64Array.from({ length: count }, (_, i) => ((i * 7919 + 31) % 17) - 8 + offset);

/** The definition, one product at a time. */
function definition(x: number[][], y: number[]) {
  const total = (f: (i: number) => number) => y.reduce((sum, _, i) => sum + f(i), 0);
  const columns = x[0].map((_, j) => j);
  return {
    count: y.length,
    x: Float64Array.from(columns, (j) => total((i) => x[i][j])),
    y: total((i) => y[i]),
    xx: Float64Array.from(columns.flatMap((j) => columns.map((k) => total((i) => x[i][j] * x[i][k])))),
    xy: Float64Array.from(columns, (j) => total((i) => x[i][j] * y[i])),
    yy: total((i) => y[i] ** 2),
  };
}

// Around the block of 64 rows, and around the tiles of 2 × 4 columns.
test.each([1, 63, 64, 65, 130].flatMap((n) => [1, 2, 3, 4, 5, 8, 9].map((p) => [n, p])))(
  '%d examples of %d columns: the sums are those of the definition',
  (n, p) => {
    const [x, y] = [whole(n * p, 3), whole(n, -1)];
    const origin = Float64Array.from({ length: p }, (_, j) => j - 1);
    const shifted = Array.from({ length: n }, (_, i) =>
      Array.from({ length: p }, (_, j) => x[i * p + j] - origin[j]),
    );
    const found = sums({ x: new Array64(x, [n, p]), y: new Array64(y, [n, 1]) }, origin, 2);
    expect(found).toEqual(
      definition(
        shifted,
        Array.from(y, (v) => v - 2),
      ),
    );
  },
);

test('the sums of the parts add up to the sums of the whole, and subtracting one part leaves the other', () => {
  const [x, y] = [whole(30), whole(10)];
  const part = (from: number, to: number) =>
    sums(
      {
        x: new Array64(x.slice(3 * from, 3 * to), [to - from, 3]),
        y: new Array64(y.slice(from, to), [to - from, 1]),
      },
      new Float64Array(3),
      0,
    );
  expect(combine(part(0, 4), part(4, 10), 1)).toEqual(part(0, 10));
  expect(combine(part(0, 10), part(0, 4), -1)).toEqual(part(4, 10));
});

test('a large mean costs no accuracy if the origin is near it', () => {
  const noise = [0.25, -0.5, 0.75, -0.5];
  const x = Float64Array.from(noise, (v) => 1e9 + v);
  const examples = { x: new Array64(x, [4, 1]), y: new Array64(new Float64Array(4), [4, 1]) };
  // Σ (x − 10⁹)², in numbers that binary fractions hold exactly.
  expect(sums(examples, Float64Array.of(1e9), 0).xx[0]).toBe(0.0625 + 0.25 + 0.5625 + 0.25);
});
