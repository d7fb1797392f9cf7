// Checks every kernel that training with Layers needs. Many small models, one for each layer, activation, loss and optimizer,
// train on the backend in use and on cpu from the same weights, and must end at the same weights. Dilated convolutions and
// ThresholdedReLU are missing, because TensorFlow.js differentiates them on no backend.
import * as tf from '@tensorflow/tfjs';

/** Arbitrary numbers, the same everywhere. */
const wave = (shape, rate) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(rate * i + 0.3) + 0.05),
    shape,
  );

const image = [8, 8, 3];
const volume = [4, 4, 4, 2];
const sequence = [6, 4];
const layers = tf.layers;
/** By name: the shape of the input, and the layers before a dense one of two units. */
const models = {
  dense: [[5], () => [layers.dense({ units: 4 })]],
  conv1d: [sequence, () => [layers.conv1d({ filters: 3, kernelSize: 3 })]],
  'conv2d, same, strides 2': [
    image,
    () => [layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' })],
  ],
  'conv2d, 1×1': [image, () => [layers.conv2d({ filters: 4, kernelSize: 1 })]],
  'conv2d, of 16 channels': [
    image,
    () => [layers.conv2d({ filters: 16, kernelSize: 3 }), layers.conv2d({ filters: 16, kernelSize: 3 })],
  ],
  separableConv2d: [image, () => [layers.separableConv2d({ filters: 4, kernelSize: 3 })]],
  depthwiseConv2d: [image, () => [layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' })]],
  'depthwiseConv2d, strides 2': [image, () => [layers.depthwiseConv2d({ kernelSize: 3, strides: 2 })]],
  conv2dTranspose: [image, () => [layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2 })]],
  conv3d: [volume, () => [layers.conv3d({ filters: 3, kernelSize: 2 })]],
  maxPooling1d: [sequence, () => [layers.conv1d({ filters: 3, kernelSize: 2 }), layers.maxPooling1d({})]],
  averagePooling1d: [
    sequence,
    () => [layers.conv1d({ filters: 3, kernelSize: 2 }), layers.averagePooling1d({})],
  ],
  maxPooling2d: [image, () => [layers.conv2d({ filters: 3, kernelSize: 2 }), layers.maxPooling2d({})]],
  averagePooling2d: [
    image,
    () => [layers.conv2d({ filters: 3, kernelSize: 2 }), layers.averagePooling2d({})],
  ],
  maxPooling3d: [
    volume,
    () => [layers.conv3d({ filters: 3, kernelSize: 1 }), layers.maxPooling3d({ poolSize: 2 })],
  ],
  averagePooling3d: [
    volume,
    () => [layers.conv3d({ filters: 3, kernelSize: 1 }), layers.averagePooling3d({ poolSize: 2 })],
  ],
  globalAveragePooling2d: [
    image,
    () => [layers.conv2d({ filters: 3, kernelSize: 2 }), layers.globalAveragePooling2d({})],
  ],
  globalMaxPooling2d: [
    image,
    () => [layers.conv2d({ filters: 3, kernelSize: 2 }), layers.globalMaxPooling2d({})],
  ],
  batchNormalization: [
    image,
    () => [layers.conv2d({ filters: 3, kernelSize: 2 }), layers.batchNormalization()],
  ],
  layerNormalization: [[6], () => [layers.dense({ units: 4 }), layers.layerNormalization()]],
  embedding: [[6], () => [layers.embedding({ inputDim: 9, outputDim: 3 })], 'int32'],
  simpleRNN: [sequence, () => [layers.simpleRNN({ units: 3 })]],
  lstm: [sequence, () => [layers.lstm({ units: 3 })]],
  gru: [sequence, () => [layers.gru({ units: 3 })]],
  bidirectional: [sequence, () => [layers.bidirectional({ layer: layers.gru({ units: 3 }) })]],
  timeDistributed: [sequence, () => [layers.timeDistributed({ layer: layers.dense({ units: 3 }) })]],
  upSampling2d: [image, () => [layers.conv2d({ filters: 2, kernelSize: 3 }), layers.upSampling2d({})]],
  zeroPadding2d: [image, () => [layers.conv2d({ filters: 2, kernelSize: 3 }), layers.zeroPadding2d()]],
  cropping2D: [
    image,
    () => [layers.conv2d({ filters: 2, kernelSize: 3 }), layers.cropping2D({ cropping: [1, 1] })],
  ],
  permute: [sequence, () => [layers.dense({ units: 4 }), layers.permute({ dims: [2, 1] })]],
  repeatVector: [[5], () => [layers.dense({ units: 4 }), layers.repeatVector({ n: 3 })]],
  prelu: [[5], () => [layers.dense({ units: 4 }), layers.prelu()]],
  leakyReLU: [[5], () => [layers.dense({ units: 4 }), layers.leakyReLU()]],
  elu: [[5], () => [layers.dense({ units: 4 }), layers.elu()]],
  softmax: [[5], () => [layers.dense({ units: 4 }), layers.softmax()]],
  ...Object.fromEntries(
    [
      ...[
        'elu',
        'hardSigmoid',
        'linear',
        'relu',
        'relu6',
        'selu',
        'sigmoid',
        'softmax',
        'softplus',
        'softsign',
      ],
      ...['tanh', 'swish', 'mish', 'gelu'],
    ].map((activation) => [
      `activation ${activation}`,
      [[5], () => [layers.dense({ units: 4, activation })]],
    ]),
  ),
};
const losses = [
  ...['meanSquaredError', 'meanAbsoluteError', 'meanAbsolutePercentageError', 'meanSquaredLogarithmicError'],
  ...['squaredHinge', 'hinge', 'logcosh', 'categoricalCrossentropy', 'sparseCategoricalCrossentropy'],
  ...['binaryCrossentropy', 'kullbackLeiblerDivergence', 'poisson', 'cosineProximity'],
];
const optimizers = {
  sgd: () => tf.train.sgd(0.01),
  momentum: () => tf.train.momentum(0.1, 0.9),
  rmsprop: () => tf.train.rmsprop(0.1, 0.9, 0, 1e-2),
  adam: () => tf.train.adam(0.1, 0.9, 0.999, 1e-2),
  adamax: () => tf.train.adamax(0.1, 0.9, 0.999, 1e-2),
  adagrad: () => tf.train.adagrad(0.1),
  adadelta: () => tf.train.adadelta(0.1),
};

/**
 * Corrects the gradient of upSampling2d on cpu, the reference. TensorFlow.js 4.22 reads dy of all images but the first at the wrong
 * place, so the gradients of images are taken one at a time.
 */
function correctUpSamplingOnCpu() {
  const kernel = tf.getKernel('ResizeNearestNeighborGrad', 'cpu');
  tf.unregisterKernel(kernel.kernelName, 'cpu');
  tf.registerKernel({
    ...kernel,
    kernelFunc({ inputs, ...rest }) {
      return tf.tidy(() => {
        const [images, gradients] = [inputs.images, inputs.dy].map((each) => tf.split(each, each.shape[0]));
        const gradientOf = (image, i) =>
          kernel.kernelFunc({ inputs: { images: image, dy: gradients[i] }, ...rest });
        return tf.concat(
          images.map((image, i) => tf.engine().makeTensorFromTensorInfo(gradientOf(image, i))),
        );
      });
    },
  });
}

/** The weights after two steps. */
async function trained({ shape, before, loss = 'meanSquaredError', optimizer = optimizers.sgd, dtype }) {
  tf.engine().startScope();
  const input = tf.input({ shape, dtype });
  let output = before().reduce((y, layer) => layer.apply(y), input);
  if (output.shape.length > 2) output = layers.flatten().apply(output);
  const probabilities = /entropy|Divergence|poisson/.test(loss);
  output = layers.dense({ units: 2, activation: probabilities ? 'softmax' : 'linear' }).apply(output);
  const model = tf.model({ inputs: input, outputs: output });
  model.setWeights(model.getWeights().map((w, i) => tf.mul(wave(w.shape, 0.7 + i / 9), 0.5)));
  // Variances must not be negative.
  for (const layer of model.layers.filter((each) => each.getClassName() === 'BatchNormalization')) {
    const [gamma, beta, mean, variance] = layer.getWeights();
    layer.setWeights([gamma, beta, mean, tf.add(tf.abs(variance), 0.5)]);
  }
  model.compile({ optimizer: optimizer(), loss });
  const x =
    dtype === 'int32'
      ? tf.tensor2d(
          [...Array(24).keys()].map((i) => (i * 5) % 9),
          [4, 6],
          'int32',
        )
      : wave([4, ...shape], 1.1);
  const classes = [0, 1, 1, 0];
  const y = loss.startsWith('sparse')
    ? tf.tensor2d(classes, [4, 1])
    : tf.tensor2d(
        classes.flatMap((each) => [1 - each, each]),
        [4, 2],
      );
  for (let i = 0; i < 2; i++) await model.trainOnBatch(x, y);
  const weights = await Promise.all(model.getWeights().map((w) => w.data()));
  tf.engine().endScope();
  return weights.flatMap((values) => [...values]);
}

const cases = Object.fromEntries([
  ...Object.entries(models).map(([name, [shape, before, dtype]]) => [name, { shape, before, dtype }]),
  ...losses.map((loss) => [`loss ${loss}`, { shape: [5], before: models.dense[1], loss }]),
  ...Object.entries(optimizers).map(([name, optimizer]) => [
    `optimizer ${name}`,
    { shape: [5], before: models.dense[1], optimizer },
  ]),
]);

/** By case: the difference from cpu or the failure, or null. */
export async function trainingKernels() {
  correctUpSamplingOnCpu();
  const backend = tf.getBackend();
  const results = {};
  for (const [name, setting] of Object.entries(cases)) {
    try {
      const on = async (where) => {
        await tf.setBackend(where);
        return trained(setting);
      };
      const reference = await on('cpu');
      const ours = await on(backend);
      const scale = Math.max(1, ...reference.map(Math.abs));
      const worst = Math.max(...ours.map((value, i) => Math.abs(value - reference[i]))) / scale;
      results[name] = worst < 1e-4 ? null : `differs from cpu by ${worst} of the largest number`;
    } catch (error) {
      results[name] = error.message;
    }
  }
  await tf.setBackend(backend);
  return results;
}
