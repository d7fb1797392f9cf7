import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agreesWithCpu as agrees, type Case, floats } from './agreement';

const small = (max: number) => fc.integer({ min: 1, max });
const window = fc.record({
  batch: small(3),
  height: small(9),
  width: small(9),
  inChannels: fc.oneof(small(9), fc.constant(16)),
  outChannels: fc.oneof(small(19), fc.constant(16)),
  filterHeight: small(4),
  filterWidth: small(4),
  strides: fc.tuple(small(3), small(3)),
  pad: fc.constantFrom<'same' | 'valid' | 'explicit'>('same', 'valid', 'explicit'),
  seed: fc.nat(),
});
type Window = typeof window extends fc.Arbitrary<infer T> ? T : never;

/** Shapes and attributes of a convolution whose output is not empty. */
function shapes(w: Window, dilations: [number, number] = [1, 1]) {
  const pad =
    w.pad === 'explicit'
      ? ([
          [0, 0],
          [1, 0],
          [0, 1],
          [0, 0],
        ] as [number, number][])
      : w.pad;
  const attrs = { strides: w.strides, pad, dataFormat: 'NHWC' as const, dilations };
  const inShape = [w.batch, w.height, w.width, w.inChannels] as [number, number, number, number];
  const filterShape = [w.filterHeight, w.filterWidth, w.inChannels, w.outChannels] as typeof inShape;
  const { outShape } = tf.backend_util.computeConv2DInfo(
    ...[inShape, filterShape, w.strides, dilations, pad as any],
  );
  return { attrs, inShape, filterShape, outShape };
}

const fits = (w: Window) => shapes(w).outShape.every((n) => n > 0);

/** Convolution and its gradients on the wasm backend in its present setup, with at most `runs` random cases per kernel. */
export function convolutionTests(runs = 500): void {
  const agreesWithCpu = (kernelName: string, cases: fc.Arbitrary<Case>, numRuns = 500) =>
    agrees(kernelName, cases, Math.min(numRuns, runs));

  test('convolution agrees with cpu, dilated or not', () => {
    const dilation = fc.constantFrom<[number, number]>([1, 1], [1, 1], [2, 1], [2, 3]);
    agreesWithCpu(
      'Conv2D',
      fc
        .tuple(window, dilation)
        .map(([w, dilations]) => {
          // tfjs refuses strides and dilations together.
          const unit = dilations.some((d) => d > 1);
          return { ...shapes(unit ? { ...w, strides: [1, 1] } : w, dilations), seed: w.seed };
        })
        .filter(({ outShape }) => outShape.every((n) => n > 0))
        .map(
          ({ attrs, inShape, filterShape, seed }): Case => ({
            inputs: { x: floats(inShape, seed), filter: floats(filterShape, seed + 1) },
            attrs,
          }),
        ),
    );
  });

  test('fused convolution agrees with cpu, with bias and every activation', () => {
    const fused = fc.record({
      w: window.filter(fits),
      biased: fc.boolean(),
      activation: fc.constantFrom('linear', 'relu', 'relu6', 'elu', 'leakyrelu', 'prelu', 'sigmoid'),
    });
    agreesWithCpu(
      'FusedConv2D',
      fused.map(({ w, biased, activation }): Case => {
        const { attrs, inShape, filterShape } = shapes(w);
        const inputs = {
          x: floats(inShape, w.seed),
          filter: floats(filterShape, w.seed + 1),
          ...(biased && { bias: floats([w.outChannels], w.seed + 2) }),
          ...(activation === 'prelu' && { preluActivationWeights: floats([w.outChannels], w.seed + 3) }),
        };
        return { inputs, attrs: { ...attrs, activation, leakyreluAlpha: 0.3 } };
      }),
    );
  });

  test('a bias of any shape that broadcasts agrees with cpu', () => {
    const bias = fc.constantFrom([], [1], [6], [1, 6], [3, 1], [4, 3, 6], [2, 4, 3, 6]);
    const activation = fc.constantFrom('linear', 'relu', 'elu');
    agreesWithCpu(
      'FusedConv2D',
      fc.tuple(bias, activation, fc.nat()).map(
        ([shape, each, seed]): Case => ({
          inputs: {
            x: floats([2, 4, 3, 5], seed),
            filter: floats([3, 3, 5, 6], seed + 1),
            bias: floats(shape, seed + 2),
          },
          attrs: { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1], activation: each },
        }),
      ),
      100,
    );
  });

  test('the filter gradient agrees with cpu', () => {
    agreesWithCpu(
      'Conv2DBackpropFilter',
      window.filter(fits).map((w): Case => {
        const { attrs, inShape, filterShape, outShape } = shapes(w);
        return {
          inputs: { x: floats(inShape, w.seed), dy: floats(outShape, w.seed + 1) },
          attrs: { ...attrs, filterShape },
        };
      }),
    );
  });

  test('the input gradient agrees with cpu', () => {
    agreesWithCpu(
      'Conv2DBackpropInput',
      window.filter(fits).map((w): Case => {
        const { attrs, inShape, filterShape, outShape } = shapes(w);
        return {
          inputs: { dy: floats(outShape, w.seed), filter: floats(filterShape, w.seed + 1) },
          attrs: { ...attrs, inputShape: inShape },
        };
      }),
    );
  });

  // tfjs's gradient refuses dilations on every backend: convolution is linear in the input and in the filter, so
  // ⟨dy, x ∗ w⟩ = ⟨dx, x⟩ = ⟨dw, w⟩, which also holds with another x or w.
  test('the gradients of a dilated convolution are its adjoints', () => {
    const tensor = (shape: [number, number, number, number], seed: number) =>
      tf.tensor4d(floats(shape, seed).values, shape);
    fc.assert(
      fc.property(window, fc.constantFrom<[number, number]>([2, 2], [1, 3], [3, 2]), (w, dilations) => {
        const { inShape, filterShape, outShape, attrs } = shapes({ ...w, strides: [1, 1] }, dilations);
        if (outShape.some((n) => n <= 0) || w.pad === 'explicit') return;
        tf.tidy(() => {
          const [x, otherX] = [tensor(inShape, w.seed), tensor(inShape, w.seed + 1)];
          const [filter, otherFilter] = [tensor(filterShape, w.seed + 2), tensor(filterShape, w.seed + 3)];
          const dy = tensor(outShape, w.seed + 4);
          const conv = (a: tf.Tensor, b: tf.Tensor) =>
            tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, [1, 1], attrs.pad as 'same', 'NHWC', dilations);
          const dot = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b)).dataSync()[0];
          const [dx, dw] = tf.grads(conv)([x, filter], dy);
          const digits = 3;
          expect(dot(dx, otherX)).toBeCloseTo(dot(dy, conv(otherX, filter)), digits);
          expect(dot(dw, otherFilter)).toBeCloseTo(dot(dy, conv(x, otherFilter)), digits);
        });
      }),
      { numRuns: Math.min(200, runs), seed: 4 },
    );
  });

  describe('channels first', () => {
    const cases = (kernel: (c: ReturnType<typeof shapes> & { seed: number }) => Case) =>
      window.filter(fits).map((w): Case => {
        const { attrs, ...rest } = shapes(w);
        const [n, h, v, c] = [0, 1, 2, 3];
        const first = <T>(each: readonly T[]) => [each[n], each[c], each[h], each[v]];
        const pad = Array.isArray(attrs.pad) ? first(attrs.pad) : attrs.pad;
        return kernel({
          ...rest,
          attrs: { ...attrs, pad, dataFormat: 'NCHW' } as never,
          inShape: first(rest.inShape) as typeof rest.inShape,
          outShape: first(rest.outShape) as typeof rest.outShape,
          seed: w.seed,
        });
      });
    test('convolution agrees with cpu', () => {
      agreesWithCpu(
        'Conv2D',
        cases(({ attrs, inShape, filterShape, seed }) => ({
          inputs: { x: floats(inShape, seed), filter: floats(filterShape, seed + 1) },
          attrs,
        })),
        200,
      );
    });
    test.each([[[4]], [[]], [[4, 1, 1]]])('with a bias of shape %j', (shape) => {
      agreesWithCpu(
        'FusedConv2D',
        cases(({ attrs, inShape, filterShape, seed }) => ({
          inputs: {
            x: floats(inShape, seed),
            filter: floats([...filterShape.slice(0, 3), 4], seed + 1),
            bias: floats(shape, seed + 2),
          },
          attrs: { ...attrs, activation: 'relu' },
        })),
        100,
      );
    });
    test('both gradients agree with cpu', () => {
      agreesWithCpu(
        'Conv2DBackpropInput',
        cases(({ attrs, inShape, filterShape, outShape, seed }) => ({
          inputs: { dy: floats(outShape, seed), filter: floats(filterShape, seed + 1) },
          attrs: { ...attrs, inputShape: inShape },
        })),
        200,
      );
      agreesWithCpu(
        'Conv2DBackpropFilter',
        cases(({ attrs, inShape, filterShape, outShape, seed }) => ({
          inputs: { x: floats(inShape, seed), dy: floats(outShape, seed + 1) },
          attrs: { ...attrs, filterShape },
        })),
        200,
      );
    });
  });

  describe('over volumes', () => {
    const volumes = fc
      .record({
        shape: fc.tuple(small(2), small(5), small(5), small(5), small(5)),
        filter: fc.tuple(small(3), small(3), small(3), small(10)),
        strides: fc.tuple(small(2), small(2), small(2)),
        pad: fc.constantFrom<'same' | 'valid'>('same', 'valid'),
        seed: fc.nat(),
      })
      .map(({ shape, filter: [fz, fy, fx, out], strides, pad, seed }) => {
        const filterShape = [fz, fy, fx, shape[4], out] as typeof shape;
        const { outShape } = tf.backend_util.computeConv3DInfo(shape, filterShape, strides, 1, pad);
        return { shape, filterShape, outShape, seed, attrs: { strides, pad, dilations: [1, 1, 1] } };
      })
      .filter(({ outShape }) => outShape.every((n) => n > 0));
    test('convolution agrees with cpu', () => {
      agreesWithCpu(
        'Conv3D',
        volumes.map(
          ({ shape, filterShape, attrs, seed }): Case => ({
            inputs: { x: floats(shape, seed), filter: floats(filterShape, seed + 1) },
            attrs,
          }),
        ),
      );
    });
    test('the input gradient agrees with cpu', () => {
      agreesWithCpu(
        'Conv3DBackpropInputV2',
        volumes.map(
          ({ shape, filterShape, outShape, attrs, seed }): Case => ({
            inputs: { dy: floats(outShape, seed), filter: floats(filterShape, seed + 1) },
            attrs: { ...attrs, inputShape: shape },
          }),
        ),
      );
    });
    test('the filter gradient agrees with cpu', () => {
      agreesWithCpu(
        'Conv3DBackpropFilterV2',
        volumes.map(
          ({ shape, filterShape, outShape, attrs, seed }): Case => ({
            inputs: { x: floats(shape, seed), dy: floats(outShape, seed + 1) },
            attrs: { ...attrs, filterShape },
          }),
        ),
      );
    });
  });

  describe('with more gradients than outputs, as a transposed convolution may have', () => {
    test('the filter gradient agrees with cpu', () => {
      const call = {
        inputs: { x: floats([2, 7, 8, 3], 1), dy: floats([2, 4, 5, 4], 2) },
        attrs: { strides: [2, 2], pad: 'valid', dataFormat: 'NHWC', filterShape: [3, 3, 3, 4] },
      };
      agreesWithCpu('Conv2DBackpropFilter', fc.constant(call), 1);
    });
    test('the volume agrees with cpu', () => {
      const call = {
        inputs: { dy: floats([2, 4, 4, 5, 4], 1), filter: floats([3, 3, 3, 3, 4], 2) },
        attrs: { strides: [2, 2, 2], pad: 'valid', inputShape: [2, 7, 8, 9, 3] },
      };
      agreesWithCpu('Conv3DBackpropInputV2', fc.constant(call), 1);
    });
  });
}
