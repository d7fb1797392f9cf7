import * as tf from '@tensorflow/tfjs-core';
import { _FusedMatMul, type _FusedMatMulAttrs, type Tensor } from '@tensorflow/tfjs-core';
import { defineKernel } from './define';

interface FusedInputs {
  a: Tensor;
  b: Tensor;
  bias?: Tensor;
  preluActivationWeights?: Tensor;
}

/** The last two axes exchanged. */
function swapped(matrices: Tensor): Tensor {
  const axes = matrices.shape.map((_, axis) => axis);
  return tf.transpose(matrices, [...axes.slice(0, -2), axes[axes.length - 1], axes[axes.length - 2]]);
}

/**
 * Transposed operands are laid out anew first: the backend's own kernel drops the bias for them, and is slow. The
 * copy also has a data id of its own, by which XNNPACK caches what it has packed.
 */
export const fusedMatMul = defineKernel<FusedInputs, _FusedMatMulAttrs>(
  _FusedMatMul,
  ({ inputs, attrs, stock }) => {
    const { transposeA, transposeB } = attrs;
    if (!transposeA && !transposeB) return stock();
    return tf.tidy(() => {
      const a = transposeA ? swapped(inputs.a) : inputs.a;
      const b = transposeB ? swapped(inputs.b) : inputs.b;
      return tf
        .engine()
        .runKernel(
          _FusedMatMul,
          { ...inputs, a, b },
          { ...attrs, transposeA: false, transposeB: false },
        ) as Tensor;
    });
  },
);
