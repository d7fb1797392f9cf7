import fc from 'fast-check';
import { expect, test } from 'vitest';
import { float64 as fw } from './float64/float64';
import { decompose, innerProduct, normalRate } from './projection';

const numbers = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 3, maxLength: 3 });

test('g = g_ρ + g_⊥ with g_⊥ orthogonal to n and g_ρ along it', () => {
  fc.assert(
    fc.property(numbers, numbers, numbers, numbers, (a, b, c, d) => {
      const gradient = [fw.array(a), fw.array(b)];
      const n = [fw.array(c), fw.array(d)];
      const { normal, tangent } = decompose(fw, gradient, n);
      gradient.forEach((g, i) => {
        g.data.forEach((v, j) => {
          expect(normal[i].data[j] + tangent[i].data[j]).toBeCloseTo(v, 10);
        });
      });
      const scale = 1 + innerProduct(fw, gradient, gradient).data[0] + innerProduct(fw, n, n).data[0];
      expect(Math.abs(innerProduct(fw, tangent, n).data[0]) / scale).toBeLessThan(1e-10);
    }),
    { seed: 1, numRuns: 200 },
  );
});

test('where n = 0, g_ρ = 0 and g_⊥ = g', () => {
  const gradient = [fw.array([1, -2])];
  const { normal, tangent } = decompose(fw, gradient, [fw.array([0, 0])]);
  expect([...normal[0].data]).toEqual([0, 0]);
  expect([...tangent[0].data]).toEqual([1, -2]);
  expect(normalRate(fw, gradient, [fw.array([0, 0])]).data[0]).toBe(0);
});
