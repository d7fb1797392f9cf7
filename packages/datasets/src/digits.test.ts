import { expect, test } from 'vitest';
import { digits } from './digits';

test('1,797 digits, counted', async () => {
  const { images, labels, shape } = await digits({ pixels: 'byte' });
  expect(shape).toEqual([1797, 8, 8, 1]);
  const counts = new Array(10).fill(0);
  for (const label of labels) counts[label]++;
  expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
  expect(images.reduce((a, b) => a + b)).toBe(561718);
  expect([...images.subarray(5 * 64, 5 * 64 + 16)]).toEqual([
    0, 0, 12, 10, 0, 0, 0, 0, 0, 0, 14, 16, 16, 14, 0, 0,
  ]);
});

test('as floats, the darkest ink is 1', async () => {
  const { images } = await digits();
  expect(images.reduce((a, b) => Math.max(a, b))).toBe(1);
  expect(images[5 * 64 + 2]).toBe(0.75);
});
