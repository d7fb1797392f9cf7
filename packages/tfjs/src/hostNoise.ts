import * as tf from '@tensorflow/tfjs-core';
import { fillByKernel, MOST_CHANNELS } from './gaussianKernel';

/** The backend of `@tensorflow/tfjs-node` and `-gpu`. */
interface TensorFlowBackend extends tf.KernelBackend {
  readonly isUsingGpuDevice: boolean;
}

/**
 * The buffer for noise, as long as the longest noise so far. TensorFlow would allocate new memory each time, and touching new
 * memory costs as much as drawing the numbers.
 */
let buffer = new Float32Array(0);

/**
 * x + scale · ε where TensorFlow's library computes on the CPU. Its tensors lie in the memory of this process, so `scale` is
 * read at no cost. An operation is finished when its call returns, so the buffer can be reused. The noise comes already scaled,
 * which leaves one addition.
 *
 * @returns undefined on other backends, and if there is no kernel that draws.
 */
export function addHostNoise(
  x: tf.Tensor,
  scale: tf.Tensor,
  { k0, k1, mirrored }: { k0: number; k1: number; mirrored: boolean },
): tf.Tensor | undefined {
  const fill = fillByKernel();
  if (!fill || tf.getBackend() !== 'tensorflow' || scale.size > MOST_CHANNELS) return undefined;
  const backend = tf.backend() as TensorFlowBackend;
  if (backend.isUsingGpuDevice) return undefined;
  return tf.tidy(() => {
    if (buffer.length < x.size) buffer = new Float32Array(x.size);
    const noise = buffer.subarray(0, x.size);
    const count = mirrored ? x.size / 2 : x.size;
    fill(noise.subarray(0, count), k0, k1, backend.readSync(scale.dataId) as Float32Array);
    for (let i = count; i < x.size; i++) noise[i] = -noise[i - count];
    return tf.add(x, tf.tensor(noise, x.shape, 'float32'));
  });
}
