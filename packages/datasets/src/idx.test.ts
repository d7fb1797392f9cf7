import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { gunzip } from './gunzip';
import { parseIdx } from './idx';

const file = (...bytes: number[]) => Uint8Array.from(bytes);

test('bytes in two dimensions', () => {
  const { shape, data } = parseIdx(file(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255));
  expect(shape).toEqual([2, 3]);
  expect(data).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 255));
});

test.each([
  ['int8', 9, [255], Int8Array.of(-1)],
  ['int16', 11, [255, 254], Int16Array.of(-2)],
  ['int32', 12, [0, 1, 0, 0], Int32Array.of(65536)],
  ['float32', 13, [0x3f, 0x80, 0, 0], Float32Array.of(1)],
  ['float64', 14, [0xc0, 0, 0, 0, 0, 0, 0, 0], Float64Array.of(-2)],
])('big-endian %s', (_, type, bytes, expected) => {
  expect(parseIdx(file(0, 0, type, 1, 0, 0, 0, 1, ...bytes)).data).toEqual(expected);
});

test('a Buffer gives a plain copy', () => {
  const buffer = Buffer.from([0, 0, 8, 1, 0, 0, 0, 1, 7]);
  const { data } = parseIdx(buffer);
  expect(data.constructor).toBe(Uint8Array);
  buffer[8] = 0;
  expect(data[0]).toBe(7);
});

test('reads from the middle of a buffer', () => {
  const buffer = file(9, 9, 9, 0, 0, 11, 1, 0, 0, 0, 1, 1, 0);
  expect(parseIdx(buffer.subarray(3)).data).toEqual(Int16Array.of(256));
});

test('damaged and foreign files are refused by name', () => {
  expect(() => parseIdx(file(0, 0, 8, 1, 0, 0, 0, 5, 1, 2), 'labels.idx')).toThrow(
    /labels\.idx is damaged: .* 13 bytes with the header, but it has 10/,
  );
  expect(() => parseIdx(file(1, 2, 3))).toThrow(/not an idx file: it begins with the bytes "01 02 03"/);
  expect(() => parseIdx(file(0, 0, 7, 0))).toThrow(/not an idx file/);
  expect(() => parseIdx(file(0, 0, 8, 3, 0, 0))).toThrow(/not an idx file/);
  expect(() => parseIdx(file(0x1f, 0x8b, 8, 0))).toThrow(/gunzip\(\) first/);
});

test('gunzip unpacks, returns plain bytes unchanged, and names a damaged file', async () => {
  const bytes = file(0, 0, 8, 1, 0, 0, 0, 1, 7);
  expect(new Uint8Array(await gunzip(gzipSync(bytes)))).toEqual(bytes);
  expect(await gunzip(bytes)).toBe(bytes);
  await expect(gunzip(gzipSync(bytes).subarray(0, 20), 'x.gz')).rejects.toThrow(/x\.gz is damaged/);
});
