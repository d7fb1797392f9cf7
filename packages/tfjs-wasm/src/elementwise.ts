import * as tf from '@tensorflow/tfjs-core';
import { Add, Square, type TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';
import { FusedPasses } from './fusedPasses';
import { defineGradient } from './gradient';
import { bits } from './kernels';

/** Numbers a unit of assembly/elementwise.ts. */
export const ELEMENTS = 1024;

const ScaledProduct = 'CrossregScaledProduct';

/** a · b · factor, a and b of one shape. */
export const scaledProduct = defineKernel<{ a: TensorInfo; b: TensorInfo }, { factor: number }>(
  ScaledProduct,
  ({ inputs: { a, b }, attrs: { factor }, backend, kernels }) => {
    const out = backend.makeOutput(a.shape, 'float32');
    const size = sizeOf(a.shape);
    const args = [...[a, b, out].map((tensor) => kernels.address(tensor)), size, bits(factor)];
    kernels.run('scaledProduct', Math.ceil(size / ELEMENTS), args, ELEMENTS * 0.4);
    return out;
  },
);

/** tfjs's gradient takes three passes over memory; this takes one. */
export const square = defineGradient(Square, (dy, [x]) =>
  x.dtype === 'float32' && x.size > 0
    ? {
        x: () =>
          tf.engine().runKernel(ScaledProduct, { a: dy as tf.Tensor, b: x }, { factor: 2 }) as tf.Tensor,
      }
    : undefined,
);

/** Below, the backend's own takes less time than it takes to ask. */
const LARGE = 4096;

/** The sum of two large arrays of one shape, for native kernels; the backend's own has the other cases. */
export const add = defineKernel<{ a: TensorInfo; b: TensorInfo }>(
  Add,
  ({ inputs: { a, b }, backend, kernels, stock }) => {
    const fits =
      kernels.isNative &&
      a.dtype === 'float32' &&
      b.dtype === 'float32' &&
      sizeOf(a.shape) >= LARGE &&
      tf.util.arraysEqual(a.shape, b.shape);
    return fits ? FusedPasses.of(kernels, backend)!.add(a, b) : stock();
  },
);
