import { expect, test } from 'vitest';
import { formatCifar10, parseCifar10 } from './cifar10';

const record = (label: number, pixel: (channel: number, i: number) => number) =>
  Uint8Array.from([
    label,
    ...[0, 1, 2].flatMap((channel) => Array.from({ length: 1024 }, (_, i) => pixel(channel, i))),
  ]);

test('planes become channels, files become one data set', () => {
  const a = record(3, (channel, i) => (i + 80 * channel) % 256);
  const b = record(9, () => 255);
  const { images, labels, shape } = parseCifar10([a, b], { pixels: 'byte' });
  expect(shape).toEqual([2, 32, 32, 3]);
  expect([...labels]).toEqual([3, 9]);
  expect([...images.subarray(0, 6)]).toEqual([0, 80, 160, 1, 81, 161]);
  expect(images[3 * 1024]).toBe(255);
  expect(formatCifar10(images, labels)).toEqual(Uint8Array.from([...a, ...b]));
  expect(parseCifar10([b]).images[0]).toBe(1);
});

test('foreign files are refused', () => {
  expect(() => parseCifar10([new Uint8Array(3074)])).toThrow(/files\[0\] .* 3074 bytes/);
  expect(() => parseCifar10([record(10, () => 0)])).toThrow(/image 0 has label 10/);
});
