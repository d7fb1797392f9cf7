import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { agreesWithCpu, type Case, floats, onBackend, relativeError, wasm } from '../test/agreement';
import { matrixProductTests } from '../test/matrixProductSuite';
import { reductionTests } from '../test/reductionSuite';
import { windowTests } from '../test/windowSuite';

beforeAll(() => tf.setBackend('wasm'));

const small = (max: number) => fc.integer({ min: 1, max });

matrixProductTests();
reductionTests();
windowTests();

test('tile agrees with cpu, any number of copies on any axes', () => {
  const cases = fc
    .array(fc.record({ size: small(4), copies: small(3) }), { minLength: 1, maxLength: 4 })
    .map((axes): Case => {
      const shape = axes.map(({ size }) => size);
      return { inputs: { x: floats(shape, 7) }, attrs: { reps: axes.map(({ copies }) => copies) } };
    });
  agreesWithCpu('Tile', cases);
});

test('segment sums agree with cpu; ids outside are left out', () => {
  const segments = fc.record({
    ids: fc.array(fc.integer({ min: -1, max: 8 }), { minLength: 1, maxLength: 20 }),
    rest: fc.array(small(20), { maxLength: 2 }),
    numSegments: small(8),
    seed: fc.nat(),
  });
  agreesWithCpu(
    'UnsortedSegmentSum',
    segments.map(
      ({ ids, rest, numSegments, seed }): Case => ({
        inputs: {
          x: floats([ids.length, ...rest], seed),
          segmentIds: { shape: [ids.length], dtype: 'int32', values: Int32Array.from(ids) },
        },
        attrs: { numSegments },
      }),
    ),
  );
});

test('segment sums of integers are exact, negative ones and large ones too', () => {
  const [{ values }] = onBackend('wasm', 'UnsortedSegmentSum', {
    inputs: {
      x: { shape: [4], dtype: 'int32', values: Int32Array.of(1, 16777217, -3, 2) },
      segmentIds: { shape: [4], dtype: 'int32', values: Int32Array.of(0, 1, 0, 1) },
    },
    attrs: { numSegments: 3 },
  });
  expect(values).toEqual([-2, 16777219, 0]);
});

/**
 * The sum of the product of the operands over every letter, by the definition, because the cpu kernel sums some letters twice.
 */
function einsumByDefinition(
  operands: string[][],
  kept: string[],
  size: Record<string, number>,
  values: Float32Array[],
) {
  const all = [...new Set(operands.flat())];
  const offset = (axes: string[], at: Record<string, number>) =>
    axes.reduce((sum, axis) => sum * size[axis] + at[axis], 0);
  const out = new Array(kept.reduce((n, axis) => n * size[axis], 1)).fill(0);
  const walk = (at: Record<string, number>, left: string[]): void => {
    const [letter, ...rest] = left;
    if (letter === undefined) {
      out[offset(kept, at)] += operands.reduce(
        (product, axes, i) => product * values[i][offset(axes, at)],
        1,
      );
      return;
    }
    for (let i = 0; i < size[letter]; i++) walk({ ...at, [letter]: i }, rest);
  };
  walk({}, all);
  return out;
}

test('einsum of any two operands is the sum of its definition', () => {
  const letters = 'abcd';
  const subset = fc.shuffledSubarray([...letters], { minLength: 1 });
  const size: Record<string, number> = { a: 2, b: 3, c: 4, d: 5 };
  const shapeOf = (axes: string[]) => axes.map((axis) => size[axis]);
  const equations = fc.record({ first: subset, second: subset, out: subset, seed: fc.nat() });
  const before = wasm().numDataIds();
  fc.assert(
    fc.property(equations, ({ first, second, out, seed }) => {
      const operands = [first, second];
      const kept = out.filter((letter) => operands.flat().includes(letter));
      const inputs = operands.map((axes, i) => floats(shapeOf(axes), seed + i));
      const equation = `${operands.map((axes) => axes.join('')).join(',')}->${kept.join('')}`;
      const [{ shape, values }] = onBackend('wasm', 'Einsum', { inputs, attrs: { equation } });
      const expected = einsumByDefinition(
        operands,
        kept,
        size,
        inputs.map((input) => input.values as Float32Array),
      );
      expect(shape).toEqual(shapeOf(kept));
      expect(relativeError(values, expected)).toBeLessThan(1e-4);
    }),
    { numRuns: 500, seed: 20250603 },
  );
  expect(wasm().numDataIds()).toBe(before);
});

test('batch normalization agrees with cpu, per channel and with statistics of any shape', () => {
  const cases = fc.record({
    shape: fc.tuple(small(3), small(4), small(4), small(19)),
    perChannel: fc.boolean(),
    scaled: fc.boolean(),
    shifted: fc.boolean(),
    varianceEpsilon: fc.constantFrom(1e-3, 0.1),
    seed: fc.nat(),
  });
  agreesWithCpu(
    'FusedBatchNorm',
    cases.map(({ shape, perChannel, scaled, shifted, varianceEpsilon, seed }): Case => {
      const statistics = perChannel ? [shape[3]] : shape;
      const variance = floats(statistics, seed + 1);
      return {
        inputs: {
          x: floats(shape, seed),
          mean: floats(statistics, seed + 2),
          variance: { ...variance, values: variance.values.map((value) => value + 1.01) as Float32Array },
          ...(scaled && { scale: floats(statistics, seed + 3) }),
          ...(shifted && { offset: floats(statistics, seed + 4) }),
        },
        attrs: { varianceEpsilon },
      };
    }),
  );
});

test.each([
  'ij,jk->ik',
  'ij,ij->ij',
  'ij,ij->',
  'ij->ji',
  'ij->i',
  'bij,bjk->bik',
  'bhid,bhjd->bhij',
  'abc,cd->abd',
  'i,j->ij',
])('einsum %s agrees with cpu', (equation) => {
  const size: Record<string, number> = { i: 3, j: 4, k: 5, b: 2, h: 3, d: 6, a: 2, c: 3 };
  const inputs = equation
    .split('->')[0]
    .split(',')
    .map((axes, i) =>
      floats(
        [...axes].map((axis) => size[axis]),
        i,
      ),
    );
  agreesWithCpu('Einsum', fc.constant({ inputs, attrs: { equation } } as Case), 2);
});

test("batch normalization's gradient agrees with cpu", async () => {
  const gradients = async (backend: string, channels: number) => {
    await tf.setBackend(backend);
    return tf.tidy(() => {
      const f = (...[x, mean, variance, offset, scale]: tf.Tensor[]) =>
        tf.batchNorm(
          x as tf.Tensor4D,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          offset as tf.Tensor1D,
          scale as tf.Tensor1D,
        );
      const shapes = [
        [3, 5, 7, channels],
        [channels],
        [channels],
        [channels],
        [channels],
        [3, 5, 7, channels],
      ];
      const inputs = shapes.map((shape, i) => {
        const { values } = floats(shape, i);
        return tf.tensor(i === 2 ? values.map((v) => v + 1.5) : values, shape);
      });
      return tf
        .grads(f)(inputs.slice(0, 5), inputs[5])
        .map((g) => Array.from(g.dataSync()));
    });
  };
  for (const channels of [1, 3, 4, 8, 18]) {
    const expected = await gradients('cpu', channels);
    const actual = await gradients('wasm', channels);
    actual.forEach((values, i) => {
      expect(relativeError(values, expected[i])).toBeLessThan(1e-4);
    });
  }
});

test('identity shares memory until the last reference is gone', () => {
  const before = wasm().numDataIds();
  const x = tf.tensor1d([1, 2, 3]);
  const y = x.clone();
  expect(wasm().numDataIds()).toBe(before + 1);
  x.dispose();
  expect(Array.from(y.dataSync())).toEqual([1, 2, 3]);
  y.dispose();
  expect(wasm().numDataIds()).toBe(before);
});

test('unsortedSegmentSum counts booleans', () => {
  const counts = tf.tidy(() => {
    const x = tf.tensor2d(
      [
        [1, 1],
        [0, 1],
        [1, 0],
      ],
      undefined,
      'bool',
    );
    return [...tf.unsortedSegmentSum(x, tf.tensor1d([0, 1, 0], 'int32'), 2).dataSync()];
  });
  expect(counts).toEqual([2, 1, 0, 1]);
});

test('batch normalization takes integers', () => {
  const results = tf.tidy(() => {
    const x = tf.tensor2d(
      [
        [1, 5],
        [3, -3],
      ],
      undefined,
      'int32',
    );
    const [mean, variance] = [tf.tensor1d([1, 1], 'int32'), tf.tensor1d([4, 16], 'int32')];
    return [...tf.batchNorm2d(x, mean, variance, undefined, tf.tensor1d([2, 4], 'int32'), 0).dataSync()];
  });
  // (x − mean) · scale / √variance
  expect(results).toEqual([0, 4, 2, -4]);
});

test('an output of negative size is refused', () => {
  const x = tf.ones<tf.Rank.R4>([1, 1, 1, 2]);
  expect(() => tf.conv2d(x, tf.ones<tf.Rank.R4>([3, 3, 2, 1]), 1, 'valid')).toThrow(
    'shape [1, -1, -1, 1]. A filter or pool is larger',
  );
});

test('a window that is larger than its input is refused, and other kernels go on (they all failed)', () => {
  const x = tf.ones<tf.Rank.R4>([1, 2, 5, 3]);
  const filter = tf.ones<tf.Rank.R4>([3, 3, 3, 1]);
  const tooLarge = [
    () => tf.maxPool(x, 3, 1, 'valid'),
    () => tf.avgPool(x, 3, 1, 'valid'),
    () => tf.depthwiseConv2d(x, filter, 1, 'valid'),
    () => tf.fused.depthwiseConv2d({ x, filter, strides: 1, pad: 'valid' }),
  ];
  for (const each of tooLarge) {
    expect(each).toThrow(
      'An output would have 0 rows and 3 columns. A filter or pool is larger than its input.',
    );
  }
  expect([...tf.avgPool(x, 2, 2, 'valid').dataSync()]).toEqual([1, 1, 1, 1, 1, 1]);
  expect([...tf.depthwiseConv2d(x, tf.ones([2, 5, 3, 1]), 1, 'valid').dataSync()]).toEqual([10, 10, 10]);
});
