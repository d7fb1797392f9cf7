import * as tf from '@tensorflow/tfjs';

/** Images and one-hot labels as tensors. */
export function tensors({ images, labels, shape }) {
  return tf.tidy(() => ({
    x: tf.keep(tf.tensor(images, shape)),
    y: tf.keep(tf.oneHot(tf.tensor1d(labels, 'int32'), 10).cast('float32')),
    labels,
  }));
}
