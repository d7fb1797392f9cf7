import * as tf from '@tensorflow/tfjs-core';
import { backendKernel } from './backendKernel';

// x − x is 0 for a finite number and NaN otherwise, and a sum propagates NaN. Every backend has these operations.
const zeroIfFinite = (x: tf.Tensor): tf.Tensor => tf.sub(x, x);

/** For every number, whether it is finite, as a tensor of booleans. */
export const isFiniteAt = (x: tf.Tensor): tf.Tensor => tf.equal(zeroIfFinite(x), 0);

/** The scalar 1 if every number of every tensor is finite, else 0. */
export function allFinite(xs: readonly tf.Tensor[]): tf.Tensor {
  return tf.tidy(() => {
    const isFloat = xs.every((x) => x.dtype === 'float32');
    const finite = isFloat
      ? backendKernel('CrossregAllFinite', Object.fromEntries(xs.entries()), {})
      : undefined;
    if (finite) return finite;
    const sums = xs.map((x) => tf.sum(zeroIfFinite(x)));
    // Not addN: on WebGPU it fails for more tensors than a shader may have buffers.
    return tf.cast(tf.equal(tf.sum(tf.stack(sums)), 0), 'float32');
  });
}
