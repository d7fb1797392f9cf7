import * as tf from '@tensorflow/tfjs';

/** A small network for small images: two strided convolutions and one hidden dense layer. */
export function network(seed, inputShape, { filters = [8, 16], classes = 10 } = {}) {
  let layer = 0;
  const init = () => tf.initializers.heNormal({ seed: seed * 100 + layer++ });
  const convolution = (kernelSize, count, options = {}) =>
    tf.layers.conv2d({
      filters: count,
      kernelSize,
      strides: 2,
      padding: 'same',
      activation: 'relu',
      kernelInitializer: init(),
      ...options,
    });
  return tf.sequential({
    layers: [
      convolution(5, filters[0], { inputShape }),
      convolution(3, filters[1]),
      tf.layers.flatten(),
      tf.layers.dense({ units: 64, activation: 'relu', kernelInitializer: init() }),
      tf.layers.dense({ units: classes, activation: 'softmax', kernelInitializer: init() }),
    ],
  });
}
