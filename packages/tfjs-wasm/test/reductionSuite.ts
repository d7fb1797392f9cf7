import '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agreesWithCpu, type Case, floats, onBackend, relativeError } from './agreement';

const small = (max: number) => fc.integer({ min: 1, max });

/**
 * Sums, means and the check for finite numbers on the wasm backend in its present setup, with `runs` random cases per kernel.
 */
export function reductionTests(runs = 500): void {
  describe.each(['Sum', 'Mean'])('%s', (kernelName) => {
    const reduction = fc
      .record({
        shape: fc.array(small(12), { minLength: 1, maxLength: 4 }),
        axes: fc.uniqueArray(fc.nat(3), { minLength: 1 }),
        keepDims: fc.boolean(),
        seed: fc.nat(),
      })
      .map((r) => ({ ...r, axes: r.axes.filter((axis) => axis < r.shape.length) }))
      .filter((r) => r.axes.length > 0);
    test('agrees with cpu over any axes', () => {
      agreesWithCpu(
        kernelName,
        reduction.map(
          ({ shape, axes, keepDims, seed }): Case => ({
            inputs: { x: floats(shape, seed) },
            attrs: { axis: axes, keepDims },
          }),
        ),
        runs,
      );
    });
    test('stays exact over many rows', () => {
      const rows = 1 << 18;
      const x = floats([rows, 5], 1);
      const shifted = { ...x, values: x.values.map((value) => value + 100) };
      const exact = [0, 1, 2, 3, 4].map((j) => {
        let total = 0;
        for (let i = j; i < rows * 5; i += 5) total += shifted.values[i];
        return kernelName === 'Sum' ? total : total / rows;
      });
      const [{ values }] = onBackend('wasm', kernelName, {
        inputs: { x: shifted },
        attrs: { axis: [0], keepDims: false },
      });
      expect(relativeError(values, exact)).toBeLessThan(1e-6);
    });
  });

  test('one number that is not finite is found among many', () => {
    for (const size of [1, 4, 5, 31, 32, 33, 1000]) {
      const fine = floats([size], 1);
      const finite = (values: Float32Array) =>
        onBackend('wasm', 'CrossregAllFinite', { inputs: [floats([2], 2), { shape: [size], values }] })[0]
          .values;
      expect(finite(fine.values as Float32Array)).toEqual([1]);
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        for (const place of [0, size >> 1, size - 1]) {
          const values = Float32Array.from(fine.values);
          values[place] = bad;
          expect(finite(values)).toEqual([0]);
        }
      }
    }
  });
}
