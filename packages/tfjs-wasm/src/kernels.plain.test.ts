import '../test/agreement';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { floats, relativeError, wasm } from '../test/agreement';
import { Kernels } from './kernels';
import { outerProducts } from './outerProducts';
import { rowProduct } from './rowProduct';

test('engines without relaxed SIMD get the same products, to rounding', async () => {
  await tf.setBackend('wasm');
  const [rows, depth, columns] = [37, 29, 23];
  const a = tf.tensor(floats([rows, depth], 1).values, [rows, depth]);
  const b = tf.tensor(floats([depth, columns], 2).values, [depth, columns]);
  const expected = Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let k = 0; k < depth; k++) sum += a.dataSync()[i * depth + k] * b.dataSync()[k * columns + j];
    return sum;
  });
  const products = [false, true].map((mayRelax) => {
    const kernels = new Kernels(wasm(), mayRelax);
    const out = tf.zeros([rows, columns]);
    rowProduct(kernels, {
      ...{ input: kernels.address(a), weights: kernels.address(b), output: kernels.address(out) },
      ...{
        images: 1,
        inputHeight: rows,
        inputWidth: 1,
        depth,
        columns,
        depthStride: columns,
        columnStride: 1,
      },
      ...{ taps: [{ y: 0, x: 0, weights: 0 }], gridHeight: rows, gridWidth: 1, stepY: 1, stepX: 1 },
      ...{ outputImage: 0, outputOrigin: 0, outputRow: columns, outputColumn: 0 },
    });
    return Array.from(out.dataSync());
  });
  for (const values of products) expect(relativeError(values, expected)).toBeLessThan(1e-6);

  const sums = [false, true].map((mayRelax) => {
    const kernels = new Kernels(wasm(), mayRelax);
    const out = tf.zeros([depth, columns]);
    const both = { a: kernels.address(a), b: kernels.address(tf.ones([rows, columns])) };
    outerProducts(kernels, {
      ...{ ...both, output: kernels.address(out), images: 1, aHeight: rows, aWidth: 1, depth },
      ...{ bHeight: rows, bWidth: 1, columns, strideY: 1, strideX: 1, taps: [{ y: 0, x: 0 }] },
    });
    return Array.from(out.dataSync());
  });
  expect(relativeError(sums[0], sums[1])).toBeLessThan(1e-6);
  tf.disposeVariables();
});
