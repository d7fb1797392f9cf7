import * as tf from '@tensorflow/tfjs-core';
import { fillByKernel, MOST_CHANNELS } from './gaussianKernel';

/** Of `@tensorflow/tfjs-node` and `-gpu`. */
interface TensorFlowBackend extends tf.KernelBackend {
  readonly isUsingGpuDevice: boolean;
}

/**
 * Where noise is drawn, as long as the longest so far: TensorFlow would take new memory every time, and to touch new memory
 * costs as much as to draw.
 */
let buffer = new Float32Array(0);

/**
 * x + scale · ε where TensorFlow's own library computes on the CPU: its tensors are in the memory of this process, so that
 * `scale` is read at no cost, and an operation is over when its call is, so that a buffer can be used again. The noise
 * comes already scaled, and one addition is left.
 *
 * @returns undefined on other backends, and where there is no kernel to draw.
 */
export function addHostNoise(
  x: tf.Tensor,
  scale: tf.Tensor,
  { k0, k1 }: { k0: number; k1: number },
): tf.Tensor | undefined {
  const fill = fillByKernel();
  if (!fill || tf.getBackend() !== 'tensorflow' || scale.size > MOST_CHANNELS) return undefined;
  const backend = tf.backend() as TensorFlowBackend;
  if (backend.isUsingGpuDevice) return undefined;
  return tf.tidy(() => {
    if (buffer.length < x.size) buffer = new Float32Array(x.size);
    const noise = buffer.subarray(0, x.size);
    fill(noise, k0, k1, backend.readSync(scale.dataId) as Float32Array);
    return tf.add(x, tf.tensor(noise, x.shape, 'float32'));
  });
}
