import { uniform } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { decodeBundle, encodeBundle } from './bundle';

beforeAll(() => tf.setBackend('cpu'));

const roundTrip = async (value: unknown) => decodeBundle(await encodeBundle(value));
const bitsOf = (values: Float32Array) => [...new Uint32Array(values.buffer.slice(0))];

/** Every kind of float32: −0, the smallest denormal, both infinities, NaN, and random bits. */
const odd = new Uint32Array([0x80000000, 1, 0x807fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x3f800001]);
const next = uniform(1);
const floats = new Float32Array(
  Uint32Array.from([...odd, ...Array.from({ length: 1000 }, () => next() * 2 ** 32)]).buffer,
);
const finite = floats.map((v) => (Number.isNaN(v) ? 0 : v));

test('every bit of a tensor comes back, in its shape and type', async () => {
  const tensors = {
    scalar: tf.scalar(-0),
    row: tf.tensor2d(finite, [1, finite.length]),
    empty: tf.zeros([0, 3]),
    int: tf.tensor1d([-(2 ** 31), 2 ** 31 - 1], 'int32'),
    bool: tf.tensor1d([true, false], 'bool'),
  };
  const back = await roundTrip({ deep: [tensors] });
  for (const [name, tensor] of Object.entries(tensors)) {
    expect(back.deep[0][name].shape).toEqual(tensor.shape);
    expect(back.deep[0][name].dtype).toBe(tensor.dtype);
    expect([...back.deep[0][name].dataSync()]).toEqual([...tensor.dataSync()]);
  }
  expect(bitsOf(back.deep[0].row.dataSync())).toEqual(bitsOf(finite));
});

test('numbers, typed arrays and plain values come back as they are', async () => {
  const value = {
    numbers: [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1, 5e-324, 2 ** 53],
    text: 'σ "quoted" \u2028',
    flags: [true, false, null],
    nothing: {},
    arrays: [
      new Float64Array([-0, 5e-324]),
      new Uint8Array([1, 2, 3]),
      new Int16Array(0),
      odd.subarray(1, 4),
    ],
  };
  const back = await roundTrip(value);
  expect(back).toEqual(value);
  expect(Object.is(back.numbers[1], -0)).toBe(true);
  expect(bitsOf((await roundTrip(floats)) as Float32Array)).toEqual(bitsOf(floats));
});

test('what would not come back is refused by its key', async () => {
  for (const [value, what] of [
    [new Map(), 'Map'],
    [new Date(0).valueOf.bind(1), 'a function'],
    [10n, 'a bigint'],
    [{ $tensor: 1 }, 'an object with the key $tensor'],
  ] as const) {
    await expect(encodeBundle({ inner: { best: value } })).rejects.toThrow(
      `checkpoint: cannot store ${what} (under "best")`,
    );
  }
});

test('any damage is found, wherever it is', async () => {
  const whole = await encodeBundle({ weights: tf.tensor1d([1, 2, 3]), more: new Uint8Array(9), step: 3 });
  const check = (bundle: Uint8Array) =>
    decodeBundle(bundle).then(
      () => 'read',
      (error: Error) => error.message,
    );
  expect(await check(whole)).toBe('read');
  for (let at = 0; at < whole.length; at++) {
    const damaged = whole.slice();
    damaged[at] ^= 1 << (at % 8);
    const expected =
      at < 8 ? 'is not a checkpoint of crossreg' : at < 12 ? 'has format version' : 'is damaged';
    expect(await check(damaged)).toContain(expected);
    expect(await check(whole.slice(0, at))).toContain(at < 48 ? 'or is incomplete' : 'is damaged');
  }
});
