import { smallConvNet as quickstart } from '@crossreg/experiment-shared/smallConvNet.mjs';
import * as tf from '@tensorflow/tfjs';

// Networks with 10 classes: three on 32×32×3 images, the quickstart's, and an MLP. anchors/ has the same networks.

const normalized = (layer) => [layer, tf.layers.batchNormalization(), tf.layers.reLU()];
const conv = (filters, kernelSize = 3, strides = 1, options = {}) =>
  tf.layers.conv2d({ filters, kernelSize, strides, padding: 'same', ...options });
const input = { inputShape: [32, 32, 3] };
const head = () => tf.layers.dense({ units: 10, activation: 'softmax' });

/** Six convolutions with batch norm, 32 to 128 wide: the network of design notes and earlier measurements. */
function vgg() {
  const pool = () => tf.layers.maxPooling2d({ poolSize: 2 });
  const pair = (filters, options) => [
    ...normalized(conv(filters, 3, 1, options)),
    ...normalized(conv(filters)),
    pool(),
  ];
  return tf.sequential({
    layers: [...pair(32, input), ...pair(64), ...pair(128), tf.layers.flatten(), head()],
  });
}

/** Seven residual blocks of two convolutions, 16 to 64 wide. */
function resnet() {
  const apply = (x, layers) => layers.reduce((y, layer) => layer.apply(y), x);
  const block = (x, filters, strides) => {
    const inner = apply(x, [
      ...normalized(conv(filters, 3, strides)),
      conv(filters),
      tf.layers.batchNormalization(),
    ]);
    const same = strides === 1 && x.shape[3] === filters;
    const skip = same ? x : apply(x, [conv(filters, 1, strides), tf.layers.batchNormalization()]);
    return apply(tf.layers.add().apply([inner, skip]), [tf.layers.reLU()]);
  };
  const x = tf.input({ shape: [32, 32, 3] });
  let y = apply(x, normalized(conv(16)));
  for (const [filters, strides] of [
    ...[
      [16, 1],
      [16, 1],
      [32, 2],
      [32, 1],
      [64, 2],
      [64, 1],
      [64, 1],
    ],
  ]) {
    y = block(y, filters, strides);
  }
  return tf.model({ inputs: x, outputs: apply(y, [tf.layers.globalAveragePooling2d({}), head()]) });
}

/** Depthwise-separable blocks, 32 to 256 wide. */
function mobilenet() {
  const block = (filters, strides) => [
    ...normalized(tf.layers.depthwiseConv2d({ kernelSize: 3, strides, padding: 'same' })),
    ...normalized(conv(filters, 1)),
  ];
  return tf.sequential({
    layers: [
      ...normalized(conv(32, 3, 1, input)),
      ...[
        [64, 1],
        [128, 2],
        [128, 1],
        [256, 2],
        [256, 1],
      ].flatMap(([filters, strides]) => block(filters, strides)),
      tf.layers.globalAveragePooling2d({}),
      head(),
    ],
  });
}

/** VGG-16 of a quarter of its width: thirteen convolutions with batch norm, 16 to 128 wide, on 32×32×3. */
export function quarterVgg16() {
  const widths = [[16, 16], [32, 32], ...[64, 128, 128].map((width) => [width, width, width])];
  const block = (each, first) => [
    ...each.flatMap((filters, i) => normalized(conv(filters, 3, 1, first && i === 0 ? input : {}))),
    tf.layers.maxPooling2d({ poolSize: 2 }),
  ];
  return tf.sequential({
    layers: [
      ...widths.flatMap((each, i) => block(each, i === 0)),
      tf.layers.flatten(),
      tf.layers.dense({ units: 128, activation: 'relu' }),
      head(),
    ],
  });
}

/** 784-128-64-10. */
function mlp() {
  const dense = (units, options = {}) => tf.layers.dense({ units, activation: 'relu', ...options });
  return tf.sequential({ layers: [dense(128, { inputShape: [784] }), dense(64), head()] });
}

export const networks = { vgg, resnet, mobilenet, quickstart: () => quickstart(1), mlp };
/** Examples per batch. */
export const batches = { vgg: 64, resnet: 64, mobilenet: 64, quickstart: 64, mlp: 32, transformer: 32 };

/** Multiplications and additions of all convolutions for one image, forward and both gradients. */
export function convolutionFlop(model) {
  return model.layers.reduce((sum, layer) => {
    const kernel = layer.getWeights()[0]?.shape;
    if (!/Conv2D/.test(layer.getClassName()) || kernel?.length !== 4) return sum;
    const [, height, width, channels] = layer.outputShape;
    const inputs = /Depthwise/.test(layer.getClassName()) ? 1 : kernel[2];
    return sum + 3 * 2 * height * width * channels * kernel[0] * kernel[1] * inputs;
  }, 0);
}

/** A compiled network and a batch for it. */
export function training(name, batch = batches[name]) {
  const model = networks[name]();
  model.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy' });
  const x = tf.randomUniform([batch, ...model.inputs[0].shape.slice(1)], -1, 1, 'float32', 1);
  const labels = tf.tensor1d(
    Array.from({ length: batch }, (_, i) => i % 10),
    'int32',
  );
  return { model, x, y: tf.oneHot(labels, 10).cast('float32') };
}
