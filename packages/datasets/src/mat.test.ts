import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseMat } from './mat';
import { imagesFromSvhn } from './svhn';

// Written by SciPy: scripts/mat-fixtures.py.
const fixture = (name: string) => readFile(new URL(`../test/fixtures/${name}.mat`, import.meta.url));

test('numeric arrays of every type, column-major, and nothing else', async () => {
  const arrays = await parseMat(await fixture('types'));
  const signed = [1, 4, -2, 5, 3, -6];
  const unsigned = signed.map(Math.abs);
  expect(arrays).toEqual({
    int8: { shape: [2, 3], data: Int8Array.from(signed) },
    uint8: { shape: [2, 3], data: Uint8Array.from(unsigned) },
    int16: { shape: [2, 3], data: Int16Array.from(signed) },
    uint16: { shape: [2, 3], data: Uint16Array.from(unsigned) },
    int32: { shape: [2, 3], data: Int32Array.from(signed) },
    uint32: { shape: [2, 3], data: Uint32Array.from(unsigned) },
    float32: { shape: [2, 3], data: Float32Array.from(signed) },
    float64: { shape: [2, 3], data: Float64Array.from(signed) },
    scalar: { shape: [1, 1], data: Float64Array.of(2.5) },
    empty: { shape: [0, 3], data: new Float64Array(0) },
  });
});

test('doubles that MATLAB stored as bytes are doubles again, also big-endian', async () => {
  const header = Buffer.alloc(128, ' ');
  header.writeUInt16BE(0x0100, 124);
  header.write('MI', 126);
  const word = (...values: number[]) => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, i * 4);
    return bytes;
  };
  const body = Buffer.concat([
    word(6, 8, 6, 0), // flags: class double
    word(5, 8, 1, 2), // 1×2
    word(0x00010001, 0x61000000), // small element: the name "a"
    word(0x00020002, 0x07ff0000), // small element: two bytes, 7 and 255
  ]);
  const { a } = await parseMat(Buffer.concat([header, word(14, body.length), body]));
  expect(a).toEqual({ shape: [1, 2], data: Float64Array.of(7, 255) });
});

test.each(['svhn', 'svhn-uncompressed'])(
  'house numbers of %s.mat: row-major, with label 10 as 0',
  async (name) => {
    const { images, labels, shape } = await imagesFromSvhn(await fixture(name), { pixels: 'byte' });
    expect(shape).toEqual([3, 4, 4, 3]);
    expect([...labels]).toEqual([0, 3, 9]);
    const expected = [0, 1, 2].flatMap((i) =>
      [0, 1, 2, 3].flatMap((row) =>
        [0, 1, 2, 3].flatMap((column) =>
          [0, 1, 2].map((channel) => 16 * i + 4 * row + column + 64 * channel),
        ),
      ),
    );
    expect([...images]).toEqual(expected);
  },
);

test('foreign and damaged files are refused', async () => {
  const bytes = await fixture('svhn');
  await expect(parseMat(new Uint8Array(10), 'x.mat')).rejects.toThrow(/x\.mat is not a MATLAB level 5 file/);
  await expect(parseMat(bytes.subarray(0, 200), 'x.mat')).rejects.toThrow(/x\.mat is damaged/);
  const damaged = Uint8Array.from(bytes);
  damaged.fill(0, 150, 170);
  await expect(parseMat(damaged, 'x.mat')).rejects.toThrow(/x\.mat is damaged/);
  const hdf5 = Uint8Array.from(bytes);
  hdf5[125] = 2;
  await expect(parseMat(hdf5)).rejects.toThrow(/7\.3 file .* -v7/);
  await expect(imagesFromSvhn(await fixture('types'))).rejects.toThrow(/X is missing and y is missing/);
});
