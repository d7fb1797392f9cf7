import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agreesWithCpu, type Case, floats, onBackend, wasm } from './agreement';

const small = (max: number) => fc.integer({ min: 1, max });

/** Kernels that move a window over images, on the wasm backend in its present setup, with `runs` random cases per kernel. */
export function windowTests(runs = 500, isNative = false): void {
  describe('max pooling', () => {
    const pool = fc.record({
      shape: fc.tuple(small(3), small(9), small(9), small(9)),
      filterSize: fc.tuple(small(3), small(3)),
      strides: fc.tuple(small(3), small(3)),
      pad: fc.constantFrom<'same' | 'valid'>('same', 'valid'),
      seed: fc.nat(),
    });
    const cases = pool
      .map(({ shape, filterSize, strides, pad, seed }) => {
        const { outShape } = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad);
        return { shape, attrs: { filterSize, strides, pad }, outShape, seed };
      })
      .filter(({ outShape }) => outShape.every((n) => n > 0));

    test('agrees with cpu', () => {
      agreesWithCpu(
        'MaxPool',
        cases.map(({ shape, attrs, seed }) => ({ inputs: { x: floats(shape, seed) }, attrs })),
        runs,
      );
    });

    test('has the gradient of cpu', () => {
      agreesWithCpu(
        'MaxPoolGrad',
        cases.map(({ shape, attrs, outShape, seed }) => ({
          inputs: {
            input: floats(shape, seed),
            output: floats(outShape, seed),
            dy: floats(outShape, seed + 1),
          },
          attrs,
        })),
        runs,
      );
    });
  });

  describe('depthwise convolution', () => {
    const window = fc
      .record({
        shape: fc.tuple(small(3), small(8), small(8), small(9)),
        filter: fc.tuple(small(3), small(3)),
        multiplier: fc.constantFrom(1, 1, 2, 3),
        stride: small(3),
        dilation: fc.constantFrom(1, 1, 2),
        pad: fc.constantFrom<'same' | 'valid'>('same', 'valid'),
        seed: fc.nat(),
      })
      .map(({ shape, filter, multiplier, stride, dilation, pad, seed }) => {
        const filterShape = [...filter, shape[3], multiplier] as typeof shape;
        const strides: [number, number] = [stride, stride];
        const dilations: [number, number] | null = stride > 1 || dilation === 1 ? null : [dilation, dilation];
        const args = [shape, filterShape, strides, dilations ?? 1, pad, undefined, true] as const;
        const { outShape } = tf.backend_util.computeConv2DInfo(...args);
        const [x, filter4, dy] = [shape, filterShape, outShape].map((s, i) => floats(s, seed + i));
        return { x, filter: filter4, dy, attrs: { strides, dilations, pad, dimRoundingMode: undefined } };
      })
      .filter(({ dy }) => dy.shape.every((size) => size > 0));
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);

    // Not against cpu's gradients, which ignore dilations: convolution is linear in the input and in the filter, so
    // ⟨dy, x ∗ w⟩ = ⟨dx, x⟩ = ⟨dw, w⟩, which also holds with another x or w.
    // The forward kernel of the backend is not ours, and pads some windows of stride 3 differently from cpu.
    test.runIf(isNative)('agrees with cpu', () => {
      const forward = window
        .filter(({ filter }) => filter.shape[3] === 1)
        .map(({ x, filter, attrs }) => ({ inputs: { x, filter }, attrs }));
      agreesWithCpu('DepthwiseConv2dNative', forward, runs);
    });

    test('has gradients that are its adjoints', () => {
      const before = wasm().numDataIds();
      fc.assert(
        fc.property(window, fc.nat(), ({ x, filter, dy, attrs }, seed) => {
          const otherX = floats(x.shape, seed);
          const otherFilter = floats(filter.shape, seed + 1);
          const forward = (inputs: Case['inputs']) =>
            onBackend('cpu', 'DepthwiseConv2dNative', { inputs, attrs })[0].values;
          const [dx] = onBackend('wasm', 'DepthwiseConv2dNativeBackpropInput', {
            inputs: { dy, filter },
            attrs: { ...attrs, inputShape: x.shape },
          });
          const [dw] = onBackend('wasm', 'DepthwiseConv2dNativeBackpropFilter', {
            inputs: { x, dy },
            attrs: { ...attrs, filterShape: filter.shape },
          });
          expect(dx.shape).toEqual(x.shape);
          expect(dw.shape).toEqual(filter.shape);
          const scale = Math.max(1, Math.sqrt(dy.values.length));
          expect(dot(dx.values, otherX.values) / scale).toBeCloseTo(
            dot(dy.values, forward({ x: otherX, filter })) / scale,
            4,
          );
          expect(dot(dw.values, otherFilter.values) / scale).toBeCloseTo(
            dot(dy.values, forward({ x, filter: otherFilter })) / scale,
            4,
          );
        }),
        { numRuns: runs, seed: 20250602 },
      );
      expect(wasm().numDataIds()).toBe(before);
    });
  });
}
