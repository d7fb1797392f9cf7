import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { fashionMnist } from './fashionMnist';
import { imagesFromIdx } from './imagesFromIdx';

const file = (name: string) => readFile(new URL(`../data/fashion-mnist/${name}.gz`, import.meta.url));
const countPerClass = (labels: Uint8Array) =>
  labels.reduce((counts, label) => {
    counts[label]++;
    return counts;
  }, new Array(10).fill(0));
const rows = (images: Uint8Array) =>
  Array.from({ length: images.length / 784 }, (_, i) =>
    Buffer.from(images.subarray(i * 784, (i + 1) * 784)).toString('base64'),
  );

test('everything in the package: 300 training and 500 test images of each class, as floats in [0, 1]', async () => {
  const { train, test } = await fashionMnist();
  expect(train.shape).toEqual([3000, 28, 28, 1]);
  expect(test.shape).toEqual([5000, 28, 28, 1]);
  expect(countPerClass(train.labels)).toEqual(new Array(10).fill(300));
  expect(countPerClass(test.labels)).toEqual(new Array(10).fill(500));
  expect(train.images).toBeInstanceOf(Float32Array);
  expect(train.images).toHaveLength(3000 * 784);
  expect(train.images.reduce((a, b) => Math.max(a, b))).toBe(1);
  expect(train.images.reduce((a, b) => Math.min(a, b))).toBe(0);
  expect(train.classNames).toHaveLength(10);
});

test('a draw is balanced, reproducible, and differs by seed', async () => {
  const options = { train: 200, test: 50, pixels: 'byte' } as const;
  const a = await fashionMnist({ ...options, seed: 1 });
  const b = await fashionMnist({ ...options, seed: 1 });
  const c = await fashionMnist({ ...options, seed: 2 });
  expect(a).toEqual(b);
  expect(countPerClass(a.train.labels)).toEqual(new Array(10).fill(20));
  expect(countPerClass(a.test.labels)).toEqual(new Array(10).fill(5));
  expect(a.train.images).not.toEqual(c.train.images);
  const drawn = new Set(rows(a.train.images));
  expect(rows(c.train.images).filter((row) => drawn.has(row)).length).toBeLessThan(50);
});

test('images keep their labels in a draw', async () => {
  const all = await imagesFromIdx(
    await file('train-images-idx3-ubyte'),
    await file('train-labels-idx1-ubyte'),
    { classNames: new Array(10).fill(''), pixels: 'byte' },
  );
  // The published file begins with these labels, and the subset keeps its order.
  expect([...all.labels.subarray(0, 10)]).toEqual([9, 0, 0, 3, 0, 2, 7, 2, 5, 5]);
  const labelOf = new Map(rows(all.images).map((row, i) => [row, all.labels[i]]));
  const { train } = await fashionMnist({ train: 500, test: 0, pixels: 'byte' });
  expect(rows(train.images).map((row) => labelOf.get(row))).toEqual([...train.labels]);
});

test('no training image is a test image', async () => {
  const { train, test } = await fashionMnist({ pixels: 'byte' });
  const seen = new Set(rows(train.images));
  expect(rows(test.images).filter((row) => seen.has(row))).toEqual([]);
});

test('more images than the package holds are refused', async () => {
  await expect(fashionMnist({ train: 3001 })).rejects.toThrow(/train: .* 0 to 3000, but is 3001.*idxFolder/);
  await expect(fashionMnist({ test: 1.5 })).rejects.toThrow(/test: .* 1\.5/);
  await expect(fashionMnist({ pixels: 'float' as 'unit' })).rejects.toThrow(/'unit' or 'byte'.*float/);
});
