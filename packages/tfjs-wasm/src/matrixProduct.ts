import {
  _FusedMatMul,
  type _FusedMatMulAttrs,
  BatchMatMul,
  type BatchMatMulAttrs,
  broadcast_util,
  type TensorInfo,
  tidy,
  util,
} from '@tensorflow/tfjs-core';
import { ArgumentError } from '../../../common/argumentError';
import { activate, activated, tensorOf } from './activation';
import { sizeOf, type WasmBackend } from './backend';
import { defineKernel } from './define';
import type { Kernels } from './kernels';
import { tellAttrs } from './lazyGradient';
import { type Epilogue, nativeEpilogue, rowProduct } from './rowProduct';

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
  const integers = a.dtype === 'int32' && b.dtype === 'int32';
  if (!integers && (a.dtype !== 'float32' || b.dtype !== 'float32')) {
    throw new ArgumentError(
      'a and b',
      `must both be of float32, or of int32, for ${kernel} on the wasm backend, but are of ${a.dtype} and ${b.dtype}. ` +
        `Cast both to 'float32' first.`,
    );
  }
  if (a.shape.length < 2 || b.shape.length < 2) {
    throw new ArgumentError(
      'a and b',
      `must be matrices, or batches of them, for ${kernel}, but have the shapes [${a.shape}] and [${b.shape}]. ` +
        `Reshape a vector to [n, 1] or [1, n] first.`,
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
  const out = backend.makeOutput([...batch, rows, columns], a.dtype);
  const aOffsets = broadcastOffsets(batch, a.shape.slice(0, -2), rows * inner);
  const bOffsets = broadcastOffsets(batch, b.shape.slice(0, -2), inner * columns);
  // The native kernel of Aᵀ·B stores sums as they are, and knows no Aᵀ·Bᵀ.
  const transposed = transposeA && !transposeB && !epilogue;
  const nativeArgs = (aStart: number, transposeHere: boolean) => [
    ...[rows, inner, columns, transposeHere ? 1 : 0, transposeB ? 1 : 0, ...nativeEpilogue(epilogue)],
    ...Array.from({ length: sizeOf(batch) }, (_, i) => [
      aStart + aOffsets(i) * 4,
      kernels.address(b) + bOffsets(i) * 4,
      kernels.address(out) + i * rows * columns * 4,
    ]).flat(),
  ];
  const multiplyAll = (aStart: number) => {
    if (kernels.runNative('matrixProducts', () => nativeArgs(aStart, false))) return;
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
  if (a.dtype === 'int32') {
    const [aStep, aInner] = transposeA ? [1, rows] : [inner, 1];
    const [bStep, bInner] = transposeB ? [inner, 1] : [1, columns];
    for (let i = 0; i < sizeOf(batch); i++) {
      multiplyIntegers(kernels.heap(), {
        ...sizes,
        a: (kernels.address(a) >>> 2) + aOffsets(i),
        b: (kernels.address(b) >>> 2) + bOffsets(i),
        out: (kernels.address(out) >>> 2) + i * rows * columns,
        ...{ aStep, aInner, bStep, bInner },
      });
    }
  } else if (transposed && kernels.runNative('matrixProducts', () => nativeArgs(kernels.address(a), true))) {
    return out;
  } else if (transposeA) {
    kernels.scratch([sizeOf(a.shape) * 4], (start) => {
      for (let i = 0; i < sizeOf(a.shape.slice(0, -2)); i++) {
        const at = i * rows * inner * 4;
        const args = [kernels.address(a) + at, start + at, inner, rows];
        kernels.run('transpose', Math.ceil(inner / 4), args, rows * 4);
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

/** activation(A · B + bias). The kernel of the backend ignores the bias if an operand is transposed. */
export const fusedMatMul = defineKernel<
  Matrices & { bias?: TensorInfo; preluActivationWeights?: TensorInfo },
  _FusedMatMulAttrs
>(_FusedMatMul, ({ inputs, attrs, backend, kernels }) => {
  tellAttrs(attrs);
  const sizes = sizesOf(_FusedMatMul, inputs, attrs);
  // The product of integers only stores its sums.
  if (inputs.a.dtype === 'int32') {
    return tidy(() =>
      activate(tensorOf(product(kernels, backend, inputs, attrs, sizes)), { ...attrs, ...inputs }),
    );
  }
  return activated(kernels, { ...attrs, ...inputs }, sizes.columns, (epilogue) =>
    product(kernels, backend, inputs, attrs, sizes, epilogue),
  );
});

/** For int32, which is rare (confusion matrices) and would be rounded in float32. Addresses in numbers. */
function multiplyIntegers(
  heap: Int32Array,
  p: Product & { aStep: number; aInner: number; bStep: number; bInner: number },
): void {
  for (let i = 0; i < p.rows; i++) {
    for (let j = 0; j < p.columns; j++) {
      let sum = 0;
      for (let k = 0; k < p.inner; k++) {
        sum += Math.imul(heap[p.a + i * p.aStep + k * p.aInner], heap[p.b + j * p.bStep + k * p.bInner]);
      }
      heap[p.out + i * p.columns + j] = sum;
    }
  }
}

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
