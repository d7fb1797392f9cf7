import { expect, test } from 'vitest';
import { contour } from './contour';

test('the contour of a plane is the straight line at that height', () => {
  // Height x + 2y at the centres of the cells.
  const size = 5;
  const map = Array.from({ length: size * size }, (_, i) => {
    return (i % size) + 0.5 + 2 * (Math.floor(i / size) + 0.5);
  });
  const segments = contour(map, size, 6.3);
  expect(segments.length).toBeGreaterThan(3);
  for (const [x0, y0, x1, y1] of segments) {
    expect(x0 + 2 * y0).toBeCloseTo(6.3, 10);
    expect(x1 + 2 * y1).toBeCloseTo(6.3, 10);
  }
});

test('a map that lies on one side of the level has no contour', () => {
  expect(contour([1, 1, 1, 1], 2, 0.5)).toEqual([]);
});
