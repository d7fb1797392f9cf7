import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { affine, type Motion } from './affine';

beforeAll(() => tf.setBackend('cpu'));

/** Where a pixel of the result comes from, by the matrix of the first image. */
function source(motion: Record<string, number>, [x, y]: [number, number]): [number, number] {
  const tensors = Object.fromEntries(Object.entries(motion).map(([name, v]) => [name, tf.tensor1d([v])]));
  const [[a, b, c], [d, e, f]] = affine(1, tensors as Motion).arraySync()[0];
  return [a * x + b * y + c, d * x + e * y + f];
}
const close = (found: number[], expected: number[]) =>
  found.forEach((v, i) => {
    expect(v).toBeCloseTo(expected[i], 5);
  });

test('no transformation is exactly the identity', () => {
  // −0 + 0 is 0.
  const matrices = Array.from(affine(2, {}).dataSync(), (v) => v + 0);
  expect(matrices).toEqual([1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0]);
});

test('the content moves right and down: a pixel comes from the left and from above', () => {
  close(source({ translateX: 3, translateY: 2 }, [5, 5]), [2, 3]);
});

test('a quarter turn counterclockwise: what was on the right is at the top (y points down)', () => {
  // The pixel at the top, (0, −1), shows what was at (1, 0).
  close(source({ rotate: 90 }, [0, -1]), [1, 0]);
  close(source({ rotate: 90 }, [1, 0]), [0, 1]);
});

test('magnified by e^s: a pixel comes from nearer to the center', () => {
  close(source({ scale: Math.log(2) }, [4, -6]), [2, -3]);
});

test('vertical lines lean by the angle of the shear', () => {
  const tangent = Math.tan((20 * Math.PI) / 180);
  const [x, y] = source({ shear: 20 }, [0, 1]);
  expect(y).toBeCloseTo(1, 6);
  expect(Math.abs(x)).toBeCloseTo(tangent, 5);
  close(source({ shear: 20 }, [1, 0]), [1, 0]);
});

test('a flip changes a sign', () => {
  close(source({ mirrorX: -1 }, [3, 4]), [-3, 4]);
  close(source({ mirrorY: -1 }, [3, 4]), [3, -4]);
});

test('all together are the product of translation, rotation, shear, scale and flip, undone from the last to the first', () => {
  const motion = { mirrorX: -1, scale: 0.3, shear: 10, rotate: 25, translateX: 2, translateY: -1 };
  const all = source(motion, [3, 7]);
  const order = ['translate', 'rotate', 'shear', 'scale', 'mirror'];
  const oneByOne = order.reduce<[number, number]>(
    (point, kind) =>
      source(Object.fromEntries(Object.entries(motion).filter(([name]) => name.startsWith(kind))), point),
    [3, 7],
  );
  close(all, oneByOne);
});

test('each image of a batch has a separate map', () => {
  const matrices = affine(2, { translateX: tf.tensor1d([1, 2]) }).arraySync();
  expect(matrices.map(([first]) => first[2])).toEqual([-1, -2]);
});
