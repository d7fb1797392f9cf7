import {
  BatchMatMul,
  type BatchMatMulAttrs,
  broadcast_util,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { outerProducts } from './convolution';
import { defineKernel } from './define';
import type { Kernels } from './kernels';
import { rowProduct } from './rowProduct';

/** One product of two matrices: addresses, and the sizes of op(A) (rows × inner) and op(B) (inner × columns). */
interface Product {
  readonly a: number;
  readonly b: number;
  readonly out: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

function multiply(kernels: Kernels, p: Product, transposeA: boolean, transposeB: boolean): void {
  if (transposeA && !transposeB) {
    outerProducts(kernels, {
      ...{ a: p.a, b: p.b, output: p.out, images: 1 },
      ...{ aHeight: p.inner, aWidth: 1, depth: p.rows, bHeight: p.inner, bWidth: 1, columns: p.columns },
      ...{ strideY: 1, strideX: 1, taps: [{ y: 0, x: 0 }] },
    });
    return;
  }
  rowProduct(kernels, {
    ...{ input: p.a, weights: p.b, output: p.out, images: 1 },
    ...{ inputHeight: p.rows, inputWidth: 1, depth: p.inner, columns: p.columns },
    depthStride: transposeB ? 1 : p.columns,
    columnStride: transposeB ? p.inner : 1,
    taps: [{ y: 0, x: 0, weights: 0 }],
    ...{ gridHeight: p.rows, gridWidth: 1, stepY: 1, stepX: 1 },
    ...{ outputImage: 0, outputOrigin: 0, outputRow: p.columns, outputColumn: 0 },
  });
}

/** Rows and columns of the last two axes exchanged. */
function transposed(kernels: Kernels, from: number, to: number, rows: number, columns: number): void {
  kernels.run('transpose', rows, [from, to, rows, columns]);
}

export const batchMatMul = defineKernel<{ a: TensorInfo; b: TensorInfo }, BatchMatMulAttrs>(
  BatchMatMul,
  ({ inputs: { a, b }, attrs: { transposeA, transposeB }, backend, kernels }) => {
    if (a.dtype !== 'float32' || b.dtype !== 'float32') {
      throw new Error(
        `${BatchMatMul} on the wasm backend multiplies float32 matrices, but got ${a.dtype} and ${b.dtype}. ` +
          `Cast both to 'float32' first.`,
      );
    }
    const [rows, inner] = matrix(a, transposeA);
    const [innerB, columns] = matrix(b, transposeB);
    util.assert(
      inner === innerB,
      () =>
        `Error in matMul: inner shapes (${inner}) and (${innerB}) of Tensors with shapes ${a.shape} and ` +
        `${b.shape} and transposeA=${transposeA} and transposeB=${transposeB} must match.`,
    );
    const batch = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const out = backend.makeOutput([...batch, rows, columns], 'float32');
    const product = { rows, inner, columns };
    const aOffsets = broadcastOffsets(batch, a.shape.slice(0, -2), rows * inner);
    const bOffsets = broadcastOffsets(batch, b.shape.slice(0, -2), inner * columns);
    const run = (aStart: number) => {
      for (let i = 0; i < sizeOf(batch); i++) {
        multiply(
          kernels,
          {
            ...product,
            a: aStart + aOffsets(i) * 4,
            b: kernels.address(b) + bOffsets(i) * 4,
            out: kernels.address(out) + i * rows * columns * 4,
          },
          transposeA && !transposeB,
          transposeB,
        );
      }
    };
    if (transposeA && transposeB) {
      const count = sizeOf(a.shape.slice(0, -2));
      kernels.scratch([sizeOf(a.shape) * 4], (start) => {
        for (let i = 0; i < count; i++) {
          const at = i * rows * inner * 4;
          transposed(kernels, kernels.address(a) + at, start + at, inner, rows);
        }
        run(start);
      });
    } else {
      run(kernels.address(a));
    }
    return out;
  },
);

function matrix({ shape }: TensorInfo, transpose: boolean): [rows: number, columns: number] {
  const [rows, columns] = shape.slice(-2);
  return transpose ? [columns, rows] : [rows, columns];
}

/** Where the i-th matrix of a broadcast batch starts in an operand, in numbers. */
function broadcastOffsets(batch: readonly number[], own: readonly number[], matrixSize: number) {
  const padded = [...new Array(batch.length - own.length).fill(1), ...own];
  return (i: number): number => {
    let offset = 0;
    let stride = matrixSize;
    for (let axis = batch.length - 1; axis >= 0; axis--) {
      const index = i % batch[axis];
      i = Math.floor(i / batch[axis]);
      if (padded[axis] !== 1) offset += index * stride;
      stride *= padded[axis];
    }
    return offset;
  };
}
