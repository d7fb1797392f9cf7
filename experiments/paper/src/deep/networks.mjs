import * as tf from '@tensorflow/tfjs';
import { Embedding, SelfAttention } from './attention.mjs';
import { Dropout } from './dropout.mjs';
import { MultiplicativeNoise } from './multiplicativeNoise.mjs';

/** Reproducible initializers: every call returns one with another seed, derived from `seed`. */
function initializers(seed, make = tf.initializers.heNormal) {
  let count = 0;
  return () => make({ seed: seed * 1000 + count++ });
}

/** A 3×3 convolution without bias, because batch norm follows it. */
const convolution = (name, filters, kernelInitializer, options = {}) =>
  tf.layers.conv2d({
    name,
    filters,
    kernelSize: 3,
    padding: 'same',
    useBias: false,
    kernelInitializer,
    ...options,
  });

/** Batch norm and ReLU, between which noise goes. */
const activation = (name) => [
  tf.layers.batchNormalization({ name: `${name}_norm`, momentum: 0.9 }),
  tf.layers.reLU({ name: `${name}_relu` }),
];

/**
 * VGG-like: blocks of 3×3 convolutions, each followed by pooling, then a dense layer.
 *
 * @param blocks - widths of the convolutions, by block: `[[64, 64], [128, 128]]` are four of them.
 * @param dropout - rate of dropout after every block and the dense layer.
 * @param multiplicative - initial σ of learned multiplicative noise after every ReLU.
 */
export function vgg({ seed, inputShape, blocks, dense, dropout = 0, multiplicative = 0 }) {
  const init = initializers(seed);
  const drop = (name) => (dropout > 0 ? [new Dropout({ name: `${name}_dropout`, rate: dropout })] : []);
  const normalized = (layer) => [
    layer,
    ...activation(layer.name),
    ...(multiplicative > 0
      ? [new MultiplicativeNoise({ name: `${layer.name}_noise`, initialSigma: multiplicative })]
      : []),
  ];
  return tf.sequential({
    layers: [
      ...blocks.flatMap((widths, b) => [
        ...widths.flatMap((filters, i) =>
          normalized(
            convolution(`conv${b + 1}_${i + 1}`, filters, init(), b + i === 0 ? { inputShape } : {}),
          ),
        ),
        tf.layers.maxPooling2d({ poolSize: 2 }),
        ...drop(`block${b + 1}`),
      ]),
      tf.layers.flatten(),
      ...normalized(
        tf.layers.dense({ name: 'dense', units: dense, useBias: false, kernelInitializer: init() }),
      ),
      ...drop('dense'),
      tf.layers.dense({ name: 'output', units: 10, activation: 'softmax', kernelInitializer: init() }),
    ],
  });
}

/**
 * Wide residual network: blocks of batch norm, ReLU and 3×3 convolution, twice. Where the width changes, the skip is a 1×1
 * convolution after the first ReLU, so that only the noise in blocks of constant width is bypassed (Zagoruyko & Komodakis
 * 2016, Figure 1).
 *
 * @param stages - `{ width, blocks, strides }`.
 */
export function wideResidual({ seed, inputShape, stem, stages }) {
  const init = initializers(seed);
  const conv = (name, filters, options) => convolution(name, filters, init(), options);
  const apply = (x, layers) => layers.reduce((y, layer) => layer.apply(y), x);
  const input = tf.input({ shape: inputShape });
  let y = conv('stem', stem).apply(input);
  stages.forEach(({ width, blocks, strides }, s) => {
    for (let b = 0; b < blocks; b++) {
      const name = `stage${s + 1}_${b + 1}`;
      const step = b === 0 ? strides : 1;
      const active = apply(y, activation(`${name}a`));
      const branch = apply(active, [
        conv(`${name}a_conv`, width, { strides: step }),
        ...activation(`${name}b`),
        conv(`${name}b_conv`, width),
      ]);
      const skip =
        y.shape[3] === width && step === 1
          ? y
          : conv(`${name}_skip`, width, { kernelSize: 1, strides: step }).apply(active);
      y = tf.layers.add({ name }).apply([branch, skip]);
    }
  });
  const outputs = apply(y, [
    ...activation('last'),
    tf.layers.globalAveragePooling2d({}),
    tf.layers.dense({ name: 'output', units: 10, activation: 'softmax', kernelInitializer: init() }),
  ]);
  return tf.model({ inputs: input, outputs });
}

/**
 * A vision Transformer: patches as tokens, blocks of self-attention and a two-layer network, each after layer
 * normalization and around a skip; the mean token is classified.
 */
export function transformer({ seed, inputShape, patch, width, heads, blocks, hidden }) {
  const init = initializers(seed, tf.initializers.glorotUniform);
  const norm = (name) => tf.layers.layerNormalization({ name });
  const input = tf.input({ shape: inputShape });
  const patches = tf.layers
    .conv2d({ name: 'patches', filters: width, kernelSize: patch, strides: patch, kernelInitializer: init() })
    .apply(input);
  const [, rows, columns] = patches.shape;
  let y = tf.layers.reshape({ targetShape: [rows * columns, width] }).apply(patches);
  y = new Embedding({ name: 'positions', seed: seed * 1000 + 900 }).apply(y);
  for (let b = 1; b <= blocks; b++) {
    const attended = new SelfAttention({
      name: `block${b}_attention`,
      heads,
      seed: seed * 1000 + 900 + b,
    }).apply(norm(`block${b}_norm1`).apply(y));
    y = tf.layers.add({ name: `block${b}_sum1` }).apply([y, attended]);
    const inner = tf.layers
      .dense({ name: `block${b}_hidden`, units: hidden, kernelInitializer: init() })
      .apply(norm(`block${b}_norm2`).apply(y));
    const active = tf.layers.activation({ name: `block${b}_gelu`, activation: 'gelu_new' }).apply(inner);
    const outer = tf.layers
      .dense({ name: `block${b}_out`, units: width, kernelInitializer: init() })
      .apply(active);
    y = tf.layers.add({ name: `block${b}_sum2` }).apply([y, outer]);
  }
  const pooled = tf.layers.globalAveragePooling1d({}).apply(norm('last_norm').apply(y));
  const outputs = tf.layers
    .dense({ name: 'output', units: 10, activation: 'softmax', kernelInitializer: init() })
    .apply(pooled);
  return tf.model({ inputs: input, outputs });
}

export const networks = { vgg, wideResidual, transformer };
