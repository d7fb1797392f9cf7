import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { imagesFromIdx } from './imagesFromIdx';

const file = (name: string) => readFile(new URL(`../data/fashion-mnist/${name}.gz`, import.meta.url));

test('image and label files that do not belong together are refused', async () => {
  const images = await file('train-images-idx3-ubyte');
  const labels = await file('t10k-labels-idx1-ubyte');
  const classNames = new Array(10).fill('');
  await expect(imagesFromIdx(images, labels, { classNames })).rejects.toThrow(/3000 bytes.*5000/);
  await expect(imagesFromIdx(labels, labels, { classNames })).rejects.toThrow(/images × height × width/);
  const own = await file('train-labels-idx1-ubyte');
  await expect(imagesFromIdx(images, own, { classNames: ['a', 'b'] })).rejects.toThrow(
    /classNames: has only 2 names, but the label file has the label 9/,
  );
});
