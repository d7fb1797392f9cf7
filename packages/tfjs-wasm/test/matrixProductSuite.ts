import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agreesWithCpu as agrees, type Case, floats, onBackend } from './agreement';

const small = (max: number) => fc.integer({ min: 1, max });

/** Matrix products on the wasm backend in its present setup, with at most `runs` random cases per kernel. */
export function matrixProductTests(runs = 500): void {
  const agreesWithCpu = (kernelName: string, cases: fc.Arbitrary<Case>, numRuns = 500) =>
    agrees(kernelName, cases, Math.min(numRuns, runs));

  describe('matrix product', () => {
    const product = fc.record({
      sizes: fc.tuple(small(20), small(70), small(20)),
      batch: fc.constantFrom<[number[], number[]]>([[], []], [[2], [2]], [[3], [1]], [[1], [2]]),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      seed: fc.nat(),
    });
    test('agrees with cpu, transposed or not, batched, broadcast', () => {
      agreesWithCpu(
        'BatchMatMul',
        product.map(
          ({ sizes: [m, k, n], batch: [a, b], transposeA, transposeB, seed }): Case => ({
            inputs: {
              a: floats([...pad(a), ...(transposeA ? [k, m] : [m, k])], seed),
              b: floats([...pad(b), ...(transposeB ? [n, k] : [k, n])], seed + 1),
            },
            attrs: { transposeA, transposeB },
          }),
        ),
      );
    });
    const pad = (batch: number[]) => (batch.length === 0 ? [1] : batch);

    test('broadcasts both operands at once', () => {
      const a = tf.tensor([1, 2], [2, 1, 1, 1]);
      const b = tf.tensor([3, 4, 5], [1, 3, 1, 1]);
      const product = tf.matMul(a, b);
      expect(product.shape).toEqual([2, 3, 1, 1]);
      expect(Array.from(product.dataSync())).toEqual([3, 4, 5, 6, 8, 10]);
      tf.dispose([a, b, product]);
    });

    test('bias and activation are applied to integers', () => {
      const [a, b] = [
        tf.tensor2d([[1, -2]], undefined, 'int32'),
        tf.tensor2d(
          [
            [3, 4],
            [1, 5],
          ],
          undefined,
          'int32',
        ),
      ];
      const bias = tf.tensor1d([10, 3], 'int32');
      const y = tf.fused.matMul({ a, b, bias, activation: 'relu' });
      // [1, −6] + [10, 3], and nothing below 0.
      expect([...y.dataSync()]).toEqual([11, 0]);
      tf.dispose([a, b, bias, y]);
    });

    test('integers are multiplied exactly, transposed or not', () => {
      const integers = (shape: number[], seed: number) => ({
        shape,
        dtype: 'int32' as const,
        values: Int32Array.from(floats(shape, seed).values, (value) => value * 20_000),
      });
      const flags = fc.tuple(fc.boolean(), fc.boolean(), fc.nat());
      agreesWithCpu(
        'BatchMatMul',
        flags.map(
          ([transposeA, transposeB, seed]): Case => ({
            inputs: {
              a: integers(transposeA ? [2, 4, 3] : [2, 3, 4], seed),
              b: integers(transposeB ? [2, 5, 4] : [2, 4, 5], seed + 1),
            },
            attrs: { transposeA, transposeB },
          }),
        ),
        50,
      );
    });

    test('other types and vectors are refused by name', () => {
      const a = { ...floats([1, 2, 2], 1), dtype: 'int32' as const };
      const refused = (x: Case['inputs']) => () =>
        onBackend('wasm', 'BatchMatMul', { inputs: x, attrs: { transposeA: false, transposeB: false } });
      expect(refused({ a, b: floats([1, 2, 2], 1) })).toThrow(
        /must both be of float32, or of int32, .* but are of int32 and float32/,
      );
      expect(refused({ a: floats([2], 1), b: floats([2, 2], 1) })).toThrow(/must be matrices/);
    });
  });

  test('the fused matrix product agrees with cpu, transposed or not, with bias', () => {
    const call = fc.record({
      sizes: fc.tuple(small(20), small(40), small(20)),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      activation: fc.constantFrom('linear', 'relu', 'relu6', 'elu', 'leakyrelu', 'sigmoid'),
      seed: fc.nat(),
    });
    agreesWithCpu(
      '_FusedMatMul',
      call.map(
        ({ sizes: [m, k, n], seed, ...attrs }): Case => ({
          inputs: {
            a: floats(attrs.transposeA ? [1, k, m] : [1, m, k], seed),
            b: floats(attrs.transposeB ? [1, n, k] : [1, k, n], seed + 1),
            bias: floats([n], seed + 2),
          },
          attrs: { ...attrs, leakyreluAlpha: 0.2 },
        }),
      ),
    );
  });
}
