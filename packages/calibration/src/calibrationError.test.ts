import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expectedCalibrationError, maximumCalibrationError } from './calibrationError';

/** Rows [1 − p, p] with label 1 where `hit`. */
const twoClass = (p: number[]) => p.flatMap((value) => [1 - value, value]);

test('by hand: two bins', () => {
  // Confidence 0.9 four times, right three times; 0.6 twice, right twice.
  const probabilities = twoClass([0.9, 0.9, 0.9, 0.9, 0.6, 0.6]);
  const labels = [1, 1, 1, 0, 1, 1];
  expect(expectedCalibrationError(probabilities, labels)).toBeCloseTo((4 * 0.15 + 2 * 0.4) / 6, 12);
  expect(maximumCalibrationError(probabilities, labels)).toBeCloseTo(0.4, 12);
  expect(expectedCalibrationError(probabilities, labels, { bins: 1 })).toBeCloseTo(5 / 6 - 0.8, 12);
});

test('for certain predictions, a right one has error 0, a wrong one 1', () => {
  expect(expectedCalibrationError([1, 0, 0, 1], [0, 1])).toBe(0);
  expect(expectedCalibrationError([1, 0, 0, 1], [1, 0])).toBe(1);
});

test('the order of the examples does not matter, even with ties', () => {
  const row = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 1 }));
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 40 }),
      fc.constantFrom<'uniform' | 'quantile'>('uniform', 'quantile'),
      (rows, strategy) => {
        const error = (list: typeof rows) =>
          expectedCalibrationError(
            list.map(([p]) => [1 - p / 8, p / 8]),
            list.map(([, label]) => label),
            { bins: 4, strategy },
          );
        const turned = [...rows].reverse();
        const sorted = [...rows].sort((a, b) => a[1] - b[1]);
        expect(error(turned)).toBeCloseTo(error(rows), 12);
        expect(error(sorted)).toBeCloseTo(error(rows), 12);
      },
    ),
    { seed: 1 },
  );
});

test('float32 rows, arrays of rows and a flat array give the same result', () => {
  const rows = [Float32Array.of(0.25, 0.75), Float32Array.of(0.5, 0.5)];
  const flat = Float32Array.of(0.25, 0.75, 0.5, 0.5);
  expect(expectedCalibrationError(rows, [1, 1])).toBe(expectedCalibrationError(flat, Uint8Array.of(1, 1)));
});

test('unknown options are refused', () => {
  expect(() => expectedCalibrationError([1, 0], [0], { bins: 0 })).toThrow(/bins: .* at least 1, but is 0/);
  expect(() => expectedCalibrationError([1, 0], [0], { mode: 'top' as 'classwise' })).toThrow(
    /mode: .*'classwise'/,
  );
  expect(() => expectedCalibrationError([1, 0], [0], { strategy: 'x' as 'quantile' })).toThrow(
    /'uniform' or 'quantile'/,
  );
});
