import * as tf from '@tensorflow/tfjs';

/**
 * The quickstart's network, which studies and benchmarks use: two convolution blocks with batch norm and one hidden
 * dense layer, for images of 28×28 and ten classes.
 *
 * @param seed - of the initial weights.
 */
export function smallConvNet(seed) {
  let layer = 0;
  const init = () => tf.initializers.heNormal({ seed: seed * 100 + layer++ });
  const convolution = (name, filters, options = {}) => [
    tf.layers.conv2d({
      name,
      filters,
      kernelSize: 3,
      padding: 'same',
      kernelInitializer: init(),
      ...options,
    }),
    tf.layers.batchNormalization(),
    tf.layers.reLU({ name: `${name}_relu` }),
  ];
  return tf.sequential({
    layers: [
      ...convolution('conv1', 8, { inputShape: [28, 28, 1] }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      ...convolution('conv2', 16),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ name: 'dense', units: 64, kernelInitializer: init() }),
      tf.layers.batchNormalization(),
      tf.layers.reLU({ name: 'dense_relu' }),
      tf.layers.dense({ units: 10, activation: 'softmax', kernelInitializer: init() }),
    ],
  });
}
