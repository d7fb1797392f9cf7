import * as tf from '@tensorflow/tfjs-core';
import { Square, type TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';
import { defineGradient } from './gradient';
import { bits } from './kernels';

/** Numbers per unit of assembly/elementwise.ts. */
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
