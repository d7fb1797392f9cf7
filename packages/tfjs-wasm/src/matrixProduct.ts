import {
  _FusedMatMul,
  type _FusedMatMulAttrs,
  BatchMatMul,
  type BatchMatMulAttrs,
  broadcast_util,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import { activated, biasAddress } from './activation';
import { sizeOf, type WasmBackend } from './backend';
import { defineKernel } from './define';
import type { Kernels } from './kernels';
import { type Epilogue, rowProduct } from './rowProduct';

/** One product of two matrices: addresses, and the sizes of op(A) (rows × inner) and op(B) (inner × columns). */
interface Product {
  readonly a: number;
  readonly b: number;
  readonly out: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

function multiply(kernels: Kernels, p: Product, transposeB: boolean, epilogue?: Epilogue): void {
  rowProduct(kernels, {
    ...{ input: p.a, weights: p.b, output: p.out, images: 1 },
    ...{ inputHeight: p.rows, inputWidth: 1, depth: p.inner, columns: p.columns },
    depthStride: transposeB ? 1 : p.columns,
    columnStride: transposeB ? p.inner : 1,
    taps: [{ y: 0, x: 0, weights: 0 }],
    ...{ gridHeight: p.rows, gridWidth: 1, stepY: 1, stepX: 1 },
    ...{ outputImage: 0, outputOrigin: 0, outputRow: p.columns, outputColumn: 0 },
    epilogue,
  });
}

interface Matrices {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
}

function sizesOf(
  kernel: string,
  { a, b }: Matrices,
  { transposeA, transposeB }: BatchMatMulAttrs,
): Pick<Product, 'rows' | 'inner' | 'columns'> {
  if (a.dtype !== 'float32' || b.dtype !== 'float32') {
    throw new Error(
      `${kernel} on the wasm backend multiplies float32 matrices, but got ${a.dtype} and ${b.dtype}. ` +
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
  return { rows, inner, columns };
}

function product(
  kernels: Kernels,
  backend: WasmBackend,
  { a, b }: Matrices,
  { transposeA, transposeB }: BatchMatMulAttrs,
  sizes: Pick<Product, 'rows' | 'inner' | 'columns'>,
  epilogue?: Epilogue,
): TensorInfo {
  const { rows, inner, columns } = sizes;
  const batch = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const out = backend.makeOutput([...batch, rows, columns], 'float32');
  const aOffsets = broadcastOffsets(batch, a.shape.slice(0, -2), rows * inner);
  const bOffsets = broadcastOffsets(batch, b.shape.slice(0, -2), inner * columns);
  const multiplyAll = (aStart: number) => {
    for (let i = 0; i < sizeOf(batch); i++) {
      const p = {
        ...sizes,
        a: aStart + aOffsets(i) * 4,
        b: kernels.address(b) + bOffsets(i) * 4,
        out: kernels.address(out) + i * rows * columns * 4,
      };
      multiply(kernels, p, transposeB, epilogue);
    }
  };
  if (transposeA) {
    kernels.scratch([sizeOf(a.shape) * 4], (start) => {
      for (let i = 0; i < sizeOf(a.shape.slice(0, -2)); i++) {
        const at = i * rows * inner * 4;
        kernels.run('transpose', Math.ceil(inner / 4), [kernels.address(a) + at, start + at, inner, rows]);
      }
      multiplyAll(start);
    });
  } else {
    multiplyAll(kernels.address(a));
  }
  return out;
}

export const batchMatMul = defineKernel<Matrices, BatchMatMulAttrs>(
  BatchMatMul,
  ({ inputs, attrs, backend, kernels }) =>
    product(kernels, backend, inputs, attrs, sizesOf(BatchMatMul, inputs, attrs)),
);

/** activation(A · B + bias). The backend's own kernel drops the bias where an operand is transposed. */
export const fusedMatMul = defineKernel<
  Matrices & { bias?: TensorInfo; preluActivationWeights?: TensorInfo },
  _FusedMatMulAttrs
>(_FusedMatMul, ({ inputs, attrs, backend, kernels }) => {
  const sizes = sizesOf(_FusedMatMul, inputs, attrs);
  return activated(
    attrs,
    biasAddress(_FusedMatMul, kernels, inputs.bias, sizes.columns),
    inputs.preluActivationWeights,
    (epilogue) => product(kernels, backend, inputs, attrs, sizes, epilogue),
  );
});

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
