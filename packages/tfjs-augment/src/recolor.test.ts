import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { recolor } from './recolor';

beforeAll(() => tf.setBackend('cpu'));

const scalar = (v: number) => tf.tensor1d([v]);
/** Two pixels: red and a dark grey. */
const pixels = [1, 0, 0, 0.2, 0.2, 0.2];
const image = () => tf.tensor4d(pixels, [1, 1, 2, 3]);
const close = (x: tf.Tensor, expected: number[]) =>
  [...x.dataSync()].forEach((v, i) => {
    expect(v).toBeCloseTo(expected[i], 6);
  });

test('brightness is added', () => {
  close(
    recolor(image(), { brightness: scalar(0.25) }),
    pixels.map((v) => v + 0.25),
  );
});

test('saturation doubles the distance from grey, which is the luma of BT.601, and leaves grey unchanged', () => {
  // The luma of pure red is 0.299.
  close(recolor(image(), { saturation: scalar(Math.log(2)) }), [2 - 0.299, -0.299, -0.299, 0.2, 0.2, 0.2]);
});

test('contrast halves the distance from the mean luma of the image', () => {
  const mean = (0.299 + 0.2) / 2;
  close(
    recolor(image(), { contrast: scalar(Math.log(0.5)) }),
    pixels.map((v) => mean + (v - mean) / 2),
  );
});

test('without a range the same tensor is returned; a factor of 1 changes no bit', () => {
  const x = image();
  expect(recolor(x, {})).toBe(x);
  const noisy = tf.randomUniform([2, 3, 3, 3], 0, 1, 'float32', 1) as tf.Tensor4D;
  const unchanged = recolor(noisy, { contrast: tf.zeros([2]), saturation: tf.zeros([2]) });
  expect([...unchanged.dataSync()]).toEqual([...noisy.dataSync()]);
});

test('images of one channel: grey is the image itself, and contrast is relative to its mean', () => {
  const grey = tf.tensor4d([0, 1], [1, 1, 2, 1]);
  close(recolor(grey, { contrast: scalar(Math.log(3)) }), [-1, 2]);
  close(recolor(grey, { saturation: scalar(1) }), [0, 1]);
});

test('each image has a separate mean and factor', () => {
  const two = tf.tensor4d([0, 1, 0, 3], [2, 1, 2, 1]);
  close(recolor(two, { contrast: tf.tensor1d([Math.log(2), Math.log(0.5)]) }), [-0.5, 1.5, 0.75, 2.25]);
});
