import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kernelsOf } from '../src/kernels';
import { outerProducts } from '../src/outerProducts';
import { type RowProduct, rowProduct } from '../src/rowProduct';
import { useWasm } from '../src/useWasm';
import { floats, relativeError, wasm } from './agreement';
import { native } from './builtNative';
import { convolutionTests } from './convolutionSuite';
import { matrixProductTests } from './matrixProductSuite';
import { reductionTests } from './reductionSuite';
import { windowTests } from './windowSuite';

// The random cases of our wasm kernels, run on native kernels.
const sets = native?.instructionSets() ?? [];
beforeAll(() => tf.setBackend('wasm'));
afterAll(() => native?.useInstructionSet(sets[0]));

const use = (set: string, threads = 1) => {
  native?.useInstructionSet(set);
  kernelsOf(wasm()).useNative(native, threads);
};

// The fastest set takes 500 cases per kernel. The others take fewer, because they differ only in the arithmetic.
describe.each(sets.map((set, i) => [set, i === 0 ? 500 : 100] as const))('native, %s', (set, runs) => {
  beforeAll(() => use(set));
  convolutionTests(runs);
  matrixProductTests(runs);
  reductionTests(runs);
  windowTests(runs, true);
});

const address = (tensor: tf.Tensor) => kernelsOf(wasm()).address(tensor);
const tensor = (shape: number[], seed: number) => tf.tensor(floats(shape, seed).values, shape);

/** Convolution, both its gradients and products, large enough for several blocks, tiles and threads. */
function products(): Float32Array[] {
  return tf.tidy(() => {
    const x = tensor([6, 19, 17, 33], 1) as tf.Tensor4D;
    const filter = tensor([3, 3, 33, 67], 2) as tf.Tensor4D;
    const conv = (a: tf.Tensor, b: tf.Tensor) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 2, 'same');
    const y = conv(x, filter);
    const [dx, dw] = tf.grads(conv)([x, filter], tensor(y.shape, 3));
    const [a, b] = [tensor([130, 2500], 4), tensor([2500, 70], 5)];
    const batch = tf.matMul(tensor([40, 50, 60], 6), tensor([40, 70, 60], 7), false, true);
    const sums = tf.matMul(tensor([3000, 40], 8), tensor([3000, 50], 9), true, false);
    return [y, dx, dw, tf.matMul(a, b), batch, sums].map((each) => each.dataSync<'float32'>());
  });
}

/** Compares bits, which is faster than `toEqual` for so many numbers. */
const same = (a: Float32Array[], b: Float32Array[]) =>
  a.every((values, i) => Buffer.compare(Buffer.from(values.buffer), Buffer.from(b[i].buffer)) === 0);

describe.each(sets)('on %s', (set) => {
  test('large products agree with our wasm kernels', () => {
    kernelsOf(wasm()).useNative(undefined);
    const expected = products();
    use(set);
    products().forEach((values, i) => {
      expect(relativeError(Array.from(values), Array.from(expected[i]))).toBeLessThan(1e-5);
    });
  });

  test('any number of threads gives the same sums, to the last bit', () => {
    use(set);
    const expected = products();
    for (const threads of [2, 3, 8]) {
      use(set, threads);
      for (let i = 0; i < 5; i++) expect(same(products(), expected)).toBe(true);
    }
  });

  test('NaN and infinity go through bias and limits as on wasm', () => {
    const row = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 3, 9];
    const run = () =>
      tf.tidy(() => {
        const a = tf.tensor2d(row, [6, 1]);
        const b = tf.ones<tf.Rank.R2>([1, 19]);
        const product = tf.fused.matMul({ a, b, bias: tf.zeros([19]), activation: 'relu6' });
        return Array.from(product.dataSync());
      });
    kernelsOf(wasm()).useNative(undefined);
    const expected = run();
    use(set);
    expect(run()).toEqual(expected);
    expect(expected.slice(0, 3)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });
});

describe.runIf(native)('memory', () => {
  beforeAll(() => use(sets[0]));

  test('that grows is followed', () => {
    const before = products();
    const pages = wasm().wasm.asm.memory!.buffer.byteLength;
    const large = Array.from({ length: 8 }, () => tf.ones([8, 1024, 1024]));
    expect(wasm().wasm.asm.memory!.buffer.byteLength).toBeGreaterThan(pages);
    expect(same(products(), before)).toBe(true);
    tf.dispose(large);
  });

  // One product of [3, 4] and [4, 5], with one size or address at a time beyond the memory.
  const end = () => wasm().wasm.asm.memory!.buffer.byteLength;
  const beyond: [string, () => Partial<RowProduct>][] = [
    ['input', () => ({ input: end() - 4 })],
    ['input', () => ({ images: 2 ** 30 })],
    ['sizes', () => ({ inputHeight: 2 ** 31 - 1, inputPlanes: 2 ** 31 - 1, images: 2 ** 31 - 1 })],
    ['weights', () => ({ weights: end() - 76 })],
    ['weights', () => ({ columnStride: 2 ** 30 })],
    ['weights', () => ({ taps: [{ y: 0, x: 0, weights: 2 ** 30 }] })],
    ['output', () => ({ output: end() - 56 })],
    ['output', () => ({ outputRow: 2 ** 31 - 1 })],
    ['output', () => ({ gridHeight: 2 ** 30 })],
    ['bias', () => ({ epilogue: { bias: { address: end() - 16, size: 5 } } })],
    ['bias', () => ({ epilogue: { bias: { address: 16, size: 4 } } })],
    ['input', () => ({ inputRow: 5 })],
  ];
  test.each(beyond)('a row product whose %s reaches beyond it is refused', (what, change) => {
    tf.tidy(() => {
      const [a, b, out] = [tensor([3, 4], 1), tensor([4, 5], 2), tf.zeros([3, 5])];
      const call = {
        ...{ input: address(a), weights: address(b), output: address(out), images: 1 },
        ...{ inputHeight: 3, inputWidth: 1, depth: 4, columns: 5, depthStride: 5, columnStride: 1 },
        ...{ taps: [{ y: 0, x: 0, weights: 0 }], gridHeight: 3, gridWidth: 1, stepY: 1, stepX: 1 },
        ...{ outputImage: 0, outputOrigin: 0, outputRow: 5, outputColumn: 0 },
      };
      rowProduct(kernelsOf(wasm()), call);
      expect(() => rowProduct(kernelsOf(wasm()), { ...call, ...change() })).toThrow(new RegExp(what));
    });
  });

  test('outer products that reach beyond it are refused', () => {
    tf.tidy(() => {
      const [a, b, out] = [tensor([3, 4], 1), tensor([3, 5], 2), tf.zeros([4, 5])];
      const call = {
        ...{ a: address(a), b: address(b), output: address(out), images: 1, aHeight: 3, aWidth: 1, depth: 4 },
        ...{ bHeight: 3, bWidth: 1, columns: 5, strideY: 1, strideX: 1, taps: [{ y: 0, x: 0 }] },
      };
      const run = (change: object) => () => outerProducts(kernelsOf(wasm()), { ...call, ...change });
      run({})();
      expect(run({ a: end() - 4 })).toThrow(/^a: 12 numbers at address \d+ are not within/);
      expect(run({ b: end() - 4 })).toThrow(/^b:/);
      expect(run({ output: end() - 4 })).toThrow(/^output:/);
      expect(run({ depth: 2 ** 31 - 1, aHeight: 2 ** 31 - 1, aWidth: 2 ** 31 - 1 })).toThrow(/too large/);
      expect(run({ strideX: 0 })).toThrow(/strides must be positive/);
    });
  });

  test('of the process does not grow with the calls', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    // [1, 1, 5, 7] times [1, 1, 7, 6], at the addresses 16, 4096 and 8192 of a separate heap.
    const product = [16, 4096, 8192, 1, 1, 5, 1, 7, 1, 5, 6, 6, 1, 1, 5, 1, 1, 1, 1, 0, 0, 6, 0, 0];
    const args = [...product, ...new Array(5).fill(0), ...new Array(4).fill(0)];
    const heap = new Uint8Array(1e6);
    const resident = (calls: number) => {
      for (let i = 0; i < calls; i++) native!.rowProduct(heap, Int32Array.from(args), 2);
      collect();
      return process.memoryUsage.rss();
    };
    const before = resident(50_000);
    expect(resident(50_000) - before).toBeLessThan(20e6);
  });

  test('an argument block that is cut off is refused', () => {
    const heap = new Uint8Array(64);
    const kernels = [
      ...([
        'rowProduct',
        'outerProducts',
        'matrixProducts',
        'noise',
        'moments',
        'normalize',
        'channelSums',
      ] as const),
      ...(['normalizeInput', 'activationGradient', 'depthwise', 'depthwiseFilter', 'maxPool'] as const),
      ...(['maxPoolGradient', 'allFinite'] as const),
    ];
    for (const kernel of kernels) {
      expect(() => native![kernel](heap, Int32Array.of(0, 0), 1)).toThrow(/too short/);
    }
  });
});

describe.runIf(native)('useWasm', () => {
  test("native: 'auto' and true use them and say how; false does not", async () => {
    const expected = { instructionSet: sets[0], threads: 2 };
    native!.useInstructionSet(sets[0]);
    for (const option of ['auto', true] as const) {
      expect((await useWasm({ threads: 2, native: option })).native).toEqual(expected);
    }
    expect(await useWasm({ threads: 1, native: false })).toEqual({ threads: 1 });
    expect(await useWasm({ threads: 1 })).toEqual({ threads: 1 });
  });

  test('an instruction set that is not there is refused by name', () => {
    expect(() => native!.useInstructionSet('mmx')).toThrow(/has the instruction sets .*but got 'mmx'/);
  });
});

test('an unknown value of native is refused', async () => {
  await expect(useWasm({ native: 'yes' as never })).rejects.toThrow(
    /^native: must be 'auto', true or false, but is "yes"/,
  );
});
