import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { kernelsOf, refuseFullHeap } from '../src/kernels';
import '../src/registerKernels';
import { floats, wasm } from './agreement';
import { native } from './builtNative';

beforeAll(() => tf.setBackend('wasm'));

const tensor = (shape: number[], seed = 1) => tf.tensor(floats(shape, seed).values, shape);
const window = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1] };
const [image, filter, depthwise] = [
  [2, 6, 5, 4],
  [3, 3, 4, 6],
  [3, 3, 4, 1],
];
const out = [2, 6, 5, 6];
/** A step of an optimizer with a number of state arrays for each of two variables. */
const step = (kept: number, rates: number[]): [number[][], object] => [
  [9, 5].flatMap((size) => new Array<number[]>(kept + 2).fill([size])),
  { rates },
];
const rmsProp = [0.1, 0.9, 0.1, 0.5, 1e-7];
const key = { k0: 1, k1: 2 };

/** A call of every kernel of this package: names of inputs and their shapes, and attributes. */
const calls: Record<string, [inputs: Record<string, number[]> | number[][], attrs?: object]> = {
  AvgPool: [{ x: image }, { filterSize: [2, 2], strides: [2, 2], pad: 'valid' }],
  BatchMatMul: [
    {
      a: [2, 5, 7],
      b: [2, 5, 6],
    },
    { transposeA: true, transposeB: false },
  ],
  Cast: [{ x: [7] }, { dtype: 'float32' }],
  Conv2D: [{ x: image, filter }, window],
  Conv2DBackpropFilter: [
    { x: image, dy: out },
    { ...window, filterShape: filter },
  ],
  Conv2DBackpropInput: [
    { dy: out, filter },
    { ...window, inputShape: image },
  ],
  Conv3D: [
    { x: [1, 3, 4, 4, 2], filter: [2, 2, 2, 2, 3] },
    { strides: [1, 1, 1], pad: 'same', dilations: [1, 1, 1] },
  ],
  Conv3DBackpropFilterV2: [
    { x: [1, 3, 4, 4, 2], dy: [1, 3, 4, 4, 3] },
    { strides: [1, 1, 1], pad: 'same', filterShape: [2, 2, 2, 2, 3] },
  ],
  Conv3DBackpropInputV2: [
    { dy: [1, 3, 4, 4, 3], filter: [2, 2, 2, 2, 3] },
    { strides: [1, 1, 1], pad: 'same', inputShape: [1, 3, 4, 4, 2] },
  ],
  CrossregAdam: step(2, [0.9, 0.1, 0.99, 0.01, 0.1, 0.01, 1e-7, -0.1]),
  CrossregAllFinite: [{ 0: [9], 1: [5] }],
  CrossregAddNoise: [{ x: image, scale: [4] }, key],
  CrossregBatchNormSums: [{ x: image, dy: image, mean: [4] }],
  CrossregCenteredRmsProp: step(3, rmsProp),
  CrossregGaussian: [{}, { shape: [50], ...key }],
  CrossregMomentum: step(1, [-0.1, 0.9]),
  CrossregMovingDeviation: [
    { x: image, sum_of_squares: [4], degrees_of_freedom: [], last_mean: [4], last_count: [] },
    { momentum: 0.9 },
  ],
  CrossregNesterov: step(1, [-0.1, 0.9]),
  CrossregNoiseProducts: [{ dy: image }, { ...key, perChannel: true }],
  CrossregNormalizeBatch: [
    { x: image, scale: [4], offset: [4], movingMean: [4], movingVariance: [4] },
    { varianceEpsilon: 0.01, momentum: 0.9 },
  ],
  CrossregNormalizeBatchInput: [
    { x: image, dy: image, mean: [4], variance: [4], scale: [4], sum: [4], product: [4] },
    { varianceEpsilon: 0.01 },
  ],
  CrossregRectifierGradient: [
    { dy: image, y: image },
    { slope: 0, floor: 0, most: 6 },
  ],
  CrossregRmsProp: step(2, rmsProp),
  CrossregScaleRows: [{ x: image, factor: [4] }],
  CrossregScaledProduct: [{ a: image, b: image }, { factor: 2 }],
  CrossregSgd: step(0, [-0.1]),
  CrossregSpread: [{ dy: [4] }, { shape: image, axis: [0, 1, 2], factor: 1 }],
  CrossregWarp: [
    { images: image, matrices: [2, 2, 3] },
    { mode: 2, value: 0 },
  ],
  CrossregWarpGradient: [
    { images: image, matrices: [2, 2, 3], dy: image },
    { mode: 2, value: 0 },
  ],
  DepthwiseConv2dNative: [{ x: image, filter: depthwise }, window],
  DepthwiseConv2dNativeBackpropFilter: [
    { x: image, dy: image },
    { ...window, filterShape: depthwise },
  ],
  DepthwiseConv2dNativeBackpropInput: [
    { dy: image, filter: depthwise },
    { ...window, inputShape: image },
  ],
  Einsum: [
    [
      [3, 4],
      [4, 5],
    ],
    { equation: 'ij,jk->ik' },
  ],
  FusedBatchNorm: [{ x: image, mean: [4], variance: [4], scale: [4], offset: [4] }, { varianceEpsilon: 2 }],
  FusedConv2D: [
    { x: image, filter, bias: [6] },
    { ...window, activation: 'elu' },
  ],
  GatherV2: [
    { x: [3, 4], indices: [6] },
    { axis: 0, batchDims: 0 },
  ],
  Identity: [{ x: [7] }],
  FusedDepthwiseConv2D: [
    { x: image, filter: depthwise },
    { ...window, activation: 'linear' },
  ],
  MaxPool: [{ x: image }, { filterSize: [3, 3], strides: [1, 1], pad: 'same' }],
  MaxPoolGrad: [
    { input: image, output: image, dy: image },
    { filterSize: [3, 3], strides: [1, 1], pad: 'same' },
  ],
  Mean: [{ x: [1024, 3] }, { axis: [0], keepDims: false }],
  LeakyRelu: [{ x: image }, { alpha: 0.2 }],
  Relu: [{ x: image }],
  Relu6: [{ x: image }],
  Square: [{ x: image }],
  Sum: [{ x: image }, { axis: [1], keepDims: false }],
  Tile: [{ x: [1, 4] }, { reps: [2, 3] }],
  UnsortedSegmentSum: [{ x: [6, 3], segmentIds: [6] }, { numSegments: 3 }],
  _FusedMatMul: [
    { a: [1, 5, 7], b: [1, 6, 7], bias: [6] },
    { transposeA: false, transposeB: true, activation: 'relu' },
  ],
};

function caller(kernelName: string) {
  const [shapes, attrs = {}] = calls[kernelName];
  const entries = Object.entries(shapes).map(([name, shape], i) => [
    name,
    ['segmentIds', 'indices'].includes(name)
      ? tf.tensor1d([0, 1, 2, 0, 1, 2], 'int32')
      : tensor(shape, i + 1),
  ]);
  const inputs = Array.isArray(shapes) ? entries.map(([, each]) => each) : Object.fromEntries(entries);
  const config = tf.getKernel(kernelName, 'wasm');
  return {
    run() {
      const results = config.kernelFunc({ inputs, attrs: attrs as tf.NamedAttrMap, backend: wasm() });
      for (const each of [results].flat()) {
        if (each instanceof tf.Tensor) each.dispose();
        else wasm().disposeData(each.dataId);
      }
    },
    dispose: () => tf.dispose(entries.map(([, each]) => each as tf.Tensor)),
  };
}
const heapBytes = () => wasm().wasm.asm.memory!.buffer.byteLength;

test('there is a call for every kernel', () => {
  const own = tf
    .getKernelsForBackend('wasm')
    .filter(({ kernelFunc }) => kernelFunc.toString().includes('kernelsOf'))
    .map(({ kernelName }) => kernelName);
  expect(own.sort()).toEqual(Object.keys(calls).sort());
});

test.each(Object.keys(calls))('10,000 calls of %s leave the heap as it was', (kernelName) => {
  const { run, dispose } = caller(kernelName);
  for (let i = 0; i < 100; i++) run();
  const before = [heapBytes(), wasm().numDataIds(), tf.memory().numTensors];
  for (let i = 0; i < 10_000; i++) run();
  expect([heapBytes(), wasm().numDataIds(), tf.memory().numTensors]).toEqual(before);
  dispose();
});

test
  .runIf(native)
  .each([
    'BatchMatMul',
    'Conv2D',
    'Conv2DBackpropFilter',
    'Conv2DBackpropInput',
    'Conv3D',
    'FusedConv2D',
    '_FusedMatMul',
  ])('10,000 calls of %s on native kernels leave the heap as it was', (kernelName) => {
  kernelsOf(wasm()).useNative(native, 2);
  const { run, dispose } = caller(kernelName);
  for (let i = 0; i < 1000; i++) run();
  const heap = [heapBytes(), wasm().numDataIds(), tf.memory().numTensors];
  for (let i = 0; i < 10_000; i++) run();
  expect([heapBytes(), wasm().numDataIds(), tf.memory().numTensors]).toEqual(heap);
  dispose();
  kernelsOf(wasm()).useNative(undefined);
});

describe('a full heap', () => {
  /** Runs a kernel with an allocator that fails at its n-th call, and counts its allocations and releases. */
  function failing(kernelName: string, at: number): { error: unknown; open: number } {
    const { run, dispose } = caller(kernelName);
    run();
    const module = wasm().wasm;
    const { _malloc: malloc, _free: free } = module;
    let count = 0;
    const open = new Set<number>();
    module._malloc = (bytes) => {
      if (++count >= at) return 0;
      const address = malloc(bytes);
      open.add(address);
      return address;
    };
    refuseFullHeap(module);
    module._free = (address) => {
      open.delete(address);
      free(address);
    };
    let error: unknown;
    try {
      run();
    } catch (caught) {
      error = caught;
    } finally {
      Object.assign(module, { _malloc: malloc, _free: free });
    }
    dispose();
    return { error, open: open.size };
  }

  test.each([
    'Conv2D',
    'FusedConv2D',
    'Conv2DBackpropInput',
    'BatchMatMul',
    'CrossregAddNoise',
    'FusedBatchNorm',
  ])('%s says so and gives its scratch memory back', (kernelName) => {
    for (let at = 1; ; at++) {
      const { error, open } = failing(kernelName, at);
      if (error === undefined) {
        expect(at).toBeGreaterThan(2);
        break;
      }
      expect(error).toMatchObject({ message: /no room for \d+ more bytes/ });
      // The output, which the engine frees.
      expect(open).toBeLessThanOrEqual(1);
    }
  });

  test('is refused by the backend too, which then continues to work', () => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const { numTensors } = tf.memory();
    expect(() => tf.fill([2 ** 30 - 4], 1)).toThrow(/no room for 4294967280 more bytes/);
    expect(() => tf.tidy(() => tf.tile(x, [2 ** 14, 2 ** 14]))).toThrow(/no room/);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(tf.matMul(x, x).dataSync()).toEqual(Float32Array.of(7, 10, 15, 22));
    x.dispose();
  });
});
