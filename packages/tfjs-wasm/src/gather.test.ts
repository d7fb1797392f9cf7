import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { floats, wasm } from '../test/agreement';

beforeAll(() => tf.setBackend('wasm'));
afterAll(() => tf.setBackend('wasm'));

const problems = fc
  .record({
    shape: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
    indexShape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 2 }),
    axis: fc.nat(3),
    dtype: fc.constantFrom('float32' as const, 'int32' as const, 'bool' as const),
    seed: fc.nat(),
  })
  .map((problem) => ({ ...problem, axis: problem.axis % problem.shape.length }));

test('rows and other slices are those that plain indexing finds', () => {
  const before = [wasm().numDataIds(), tf.memory().numTensors];
  fc.assert(
    fc.property(problems, ({ shape, indexShape, axis, dtype, seed }) => {
      tf.tidy(() => {
        const values = Array.from(floats(shape, seed).values, (v) => {
          if (dtype === 'float32') return Math.fround(v);
          return dtype === 'bool' ? Number(v > 0) : Math.round(v * 100) || 0;
        });
        const indices = Array.from(
          { length: tf.util.sizeFromShape(indexShape) },
          (_, i) => (seed + 7 * i) % shape[axis],
        );
        const found = tf.gather(
          tf.tensor(values, shape, dtype),
          tf.tensor(indices, indexShape, 'int32'),
          axis,
        );
        const inner = shape.slice(axis + 1).reduce((size, n) => size * n, 1);
        const outer = shape.slice(0, axis).reduce((size, n) => size * n, 1);
        const expected = Array.from({ length: outer }, (_, o) =>
          indices.map((index) => values.slice((o * shape[axis] + index) * inner).slice(0, inner)),
        );
        expect(found.shape).toEqual([...shape.slice(0, axis), ...indexShape, ...shape.slice(axis + 1)]);
        expect(found.dtype).toBe(dtype);
        expect([...found.dataSync()]).toEqual(expected.flat(2));
      });
    }),
    { numRuns: 500, seed: 20251127 },
  );
  expect([wasm().numDataIds(), tf.memory().numTensors]).toEqual(before);
});

test.each([-1, 3])('index %d of three rows is refused, and nothing is left behind', (index) => {
  const x = tf.zeros([3, 2]);
  const indices = tf.tensor1d([0, index], 'int32');
  const before = [wasm().numDataIds(), tf.memory().numTensors];
  expect(() => tf.gather(x, indices)).toThrow(`index value ${index} is not in [0, 2]`);
  expect([wasm().numDataIds(), tf.memory().numTensors]).toEqual(before);
  tf.dispose([x, indices]);
});
