import { expect, test } from 'vitest';
import { take, toPixels } from './dataset';

test('take copies rows in the given order, also repeatedly', () => {
  const data = {
    x: Float64Array.of(0, 1, 2, 3, 4, 5),
    y: Uint8Array.of(7, 8, 9),
    shape: [3, 2],
    names: ['p'],
  };
  const taken = take(data, [2, 0, 2]);
  expect(taken).toEqual({
    x: Float64Array.of(4, 5, 0, 1, 4, 5),
    y: Uint8Array.of(9, 7, 9),
    shape: [3, 2],
    names: ['p'],
  });
  taken.x[0] = -1;
  expect(data.x[4]).toBe(4);
});

test('row numbers out of range are refused', () => {
  expect(() => take({ shape: [3] }, [0, 3])).toThrow(/indices\[1\]: must be a row from 0 to 2, but is 3/);
});

test('half a row is refused (it gave the second half of one and the first half of the next)', () => {
  expect(() => take({ shape: [3, 2], x: new Float32Array(6) }, [1.5])).toThrow(
    'indices[0]: must be a row from 0 to 2, but is 1.5',
  );
});

test('fields that cannot be divided among the rows are refused', () => {
  const x = new Float32Array(6);
  expect(() => take({ shape: [3, 2], x, labels: Uint8Array.of(0, 1) }, [0])).toThrow(
    'labels: has 2 numbers, which is not a multiple of the 3 rows',
  );
  // They stayed whole beside the taken rows of x.
  expect(() => take({ shape: [3, 2], x, labels: [0, 1, 2] }, [0])).toThrow(
    'labels: is an array with a number for each of the 3 rows',
  );
  // Of all rows: names, and numbers that are not one a row.
  expect(take({ shape: [3, 2], x, names: ['a', 'b', 'c'], mean: [0, 0] }, [0])).toMatchObject({
    names: ['a', 'b', 'c'],
    mean: [0, 0],
  });
});

test('pixels as bytes or in the unit interval', () => {
  const bytes = Uint8Array.of(0, 51, 255);
  expect(toPixels(bytes, 'byte')).toBe(bytes);
  expect(toPixels(bytes, 'unit')).toEqual(Float32Array.of(0, 0.2, 1));
});
