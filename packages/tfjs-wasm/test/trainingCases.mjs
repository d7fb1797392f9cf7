// One small model for every layer, activation, loss and optimizer of TensorFlow.js Layers, to be trained for a few steps
// from the same weights on the same data on several backends.

/** Numbers in [−1, 1), the same for the same seed. */
export function numbers(count, seed) {
  let state = (seed + 1) * 2654435761;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >> 8) / 2 ** 23;
  });
}

const BATCH = 4;
const sequence = [6, 3];
const image = [6, 6, 3];
const volume = [4, 4, 4, 2];

/** Second names in tf.layers, and classes that are not a layer of a model by themselves. */
export const notLayers = {
  aliases: [
    ...['avgPool1d', 'avgPool2d', 'avgPool3d', 'avgPooling1d', 'avgPooling2d', 'avgPooling3d'],
    ...['globalMaxPool1d', 'globalMaxPool2d', 'maxPool1d', 'maxPool2d'],
  ],
  bases: ['Layer', 'RNN', 'RNNCell', 'input', 'inputLayer'],
  /** Used inside `rnn`. */
  cells: ['convLstm2dCell', 'gruCell', 'lstmCell', 'simpleRNNCell', 'stackedRNNCells'],
};

/** Name of the layer → shape of its input, and its arguments. Several of them are several cases. */
const layers = {
  activation: [[[8], { activation: 'tanh' }]],
  alphaDropout: [[[8], { rate: 0.3 }]],
  averagePooling1d: [[sequence, { poolSize: 2 }]],
  averagePooling2d: [
    [image, { poolSize: 2 }],
    [image, { poolSize: 3, strides: 2, padding: 'same' }],
  ],
  averagePooling3d: [[volume, { poolSize: 2 }]],
  batchNormalization: [
    [[8], {}],
    [image, {}],
  ],
  conv1d: [
    [sequence, { filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }],
    [sequence, { filters: 4, kernelSize: 2, strides: 2 }],
    [sequence, { filters: 4, kernelSize: 2, dilationRate: 2 }],
  ],
  conv2d: [
    [image, { filters: 5, kernelSize: 3, padding: 'same', activation: 'relu' }],
    [image, { filters: 5, kernelSize: 3, strides: 2 }],
    [image, { filters: 5, kernelSize: 1, useBias: false }],
    [image, { filters: 5, kernelSize: 2, dilationRate: 2 }],
    [image, { filters: 5, kernelSize: 3, padding: 'same', dataFormat: 'channelsFirst' }],
  ],
  conv2dTranspose: [
    [image, { filters: 4, kernelSize: 3, strides: 2, padding: 'same' }],
    [image, { filters: 4, kernelSize: 2, activation: 'relu' }],
  ],
  conv3d: [[volume, { filters: 3, kernelSize: 2 }]],
  conv3dTranspose: [[volume, { filters: 3, kernelSize: 2 }]],
  convLstm2d: [[[3, 5, 5, 2], { filters: 3, kernelSize: 3 }]],
  cropping2D: [[image, { cropping: 1 }]],
  dense: [
    [[8], { units: 5, activation: 'relu' }],
    [sequence, { units: 5 }],
  ],
  depthwiseConv2d: [
    [image, { kernelSize: 3, padding: 'same' }],
    [image, { kernelSize: 3, strides: 2, depthMultiplier: 2, activation: 'relu' }],
  ],
  dropout: [[[8], { rate: 0.3, seed: 1 }]],
  elu: [[[8], {}]],
  flatten: [[image, {}]],
  gaussianDropout: [[[8], { rate: 0.3 }]],
  gaussianNoise: [[[8], { stddev: 0.1 }]],
  globalAveragePooling1d: [[sequence, {}]],
  globalAveragePooling2d: [[image, {}]],
  globalMaxPooling1d: [[sequence, {}]],
  globalMaxPooling2d: [[image, {}]],
  gru: [
    [sequence, { units: 4 }],
    [sequence, { units: 4, returnSequences: true }],
  ],
  layerNormalization: [
    [[8], {}],
    [sequence, {}],
  ],
  leakyReLU: [[[8], {}]],
  lstm: [
    [sequence, { units: 4 }],
    [sequence, { units: 4, returnSequences: true }],
  ],
  maxPooling1d: [[sequence, { poolSize: 2 }]],
  maxPooling2d: [
    [image, { poolSize: 2 }],
    [image, { poolSize: 3, strides: 2, padding: 'same' }],
  ],
  maxPooling3d: [[volume, { poolSize: 2 }]],
  permute: [[image, { dims: [3, 1, 2] }]],
  prelu: [
    [[8], {}],
    [image, { sharedAxes: [1, 2] }],
  ],
  reLU: [
    [[8], {}],
    [[8], { maxValue: 0.5 }],
  ],
  repeatVector: [[[8], { n: 3 }]],
  rescaling: [[image, { scale: 0.5, offset: 1 }]],
  reshape: [[image, { targetShape: [36, 3] }]],
  separableConv2d: [
    [image, { filters: 5, kernelSize: 3, padding: 'same' }],
    [image, { filters: 5, kernelSize: 3, strides: 2, depthMultiplier: 2 }],
  ],
  simpleRNN: [[sequence, { units: 4 }]],
  softmax: [[[8], {}]],
  spatialDropout1d: [[sequence, { rate: 0.3, seed: 1 }]],
  upSampling2d: [
    [image, { size: [2, 2] }],
    [image, { size: [3, 2], interpolation: 'bilinear' }],
  ],
  zeroPadding2d: [[image, { padding: 1 }]],
};

/** Preprocessing of single examples, which does not belong in a model trained on batches. */
export const ofOneExample = ['categoryEncoding', 'randomWidth'];

/**
 * Layers whose numbers are not compared with those of cpu: the draws of the first four have no seed, and cpu's gradient
 * of nearest-neighbour up-sampling is not that of its forward pass (wasm's is; a test has both).
 */
const uncompared = ['alphaDropout', 'gaussianDropout', 'gaussianNoise', 'spatialDropout1d', 'upSampling2d'];

const merges = ['add', 'average', 'concatenate', 'dot', 'maximum', 'minimum', 'multiply'];
const activations = [
  ...['elu', 'gelu', 'hardSigmoid', 'linear', 'logSoftmax', 'mish', 'relu', 'relu6', 'selu', 'sigmoid'],
  ...['softmax', 'softplus', 'softsign', 'swish', 'tanh'],
];
const losses = [
  ...['meanSquaredError', 'meanAbsoluteError', 'meanAbsolutePercentageError', 'meanSquaredLogarithmicError'],
  ...['squaredHinge', 'hinge', 'categoricalHinge', 'logcosh', 'categoricalCrossentropy'],
  ...['sparseCategoricalCrossentropy', 'binaryCrossentropy', 'kullbackLeiblerDivergence', 'poisson'],
  'cosineProximity',
];
const optimizers = ['adadelta', 'adagrad', 'adam', 'adamax', 'momentum', 'rmsprop', 'sgd'];

const describe = (args) =>
  Object.entries(args)
    .map(([key, value]) => `${key} ${JSON.stringify(value).replaceAll('"', '')}`)
    .join(', ');

/** All cases: { group, name, compared, model, shape, loss, optimizer }. */
export function trainingCases(tf) {
  const cases = [];
  const add = (group, name, shape, model, options = {}) =>
    cases.push({
      compared: true,
      loss: 'meanSquaredError',
      optimizer: 'sgd',
      ...options,
      group,
      name,
      shape,
      model,
    });
  const rank = (shape) => shape.length;
  // A trained layer before the one under test requires the gradient of its input, and one after it the gradient of its output.
  const around = (shape, layer) => () => {
    const stack = [tf.layers.dense({ units: shape.at(-1), inputShape: shape }), layer()];
    const model = tf.sequential({ layers: stack });
    if (rank(model.outputs[0].shape) > 2) model.add(tf.layers.flatten());
    model.add(tf.layers.dense({ units: 2 }));
    return model;
  };
  for (const [kind, variants] of Object.entries(layers)) {
    for (const [shape, args] of variants) {
      const name = describe(args) ? `${kind}: ${describe(args)}` : `${kind} of rank ${rank(shape) + 1}`;
      add(
        'layers',
        name,
        shape,
        around(shape, () => tf.layers[kind](args)),
        {
          compared: !uncompared.includes(kind),
          layer: kind,
        },
      );
    }
  }
  const cell = () =>
    tf.layers.stackedRNNCells({ cells: [4, 3].map((units) => tf.layers.lstmCell({ units })) });
  const wrapped = {
    bidirectional: () =>
      tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 3 }), mergeMode: 'concat' }),
    rnn: () => tf.layers.rnn({ cell: cell() }),
    timeDistributed: () => tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 4 }) }),
  };
  for (const [kind, layer] of Object.entries(wrapped)) {
    add('layers', kind, sequence, around(sequence, layer), { layer: kind });
  }
  for (const kind of merges) {
    const model = () => {
      const input = tf.input({ shape: [6] });
      const branches = [0, 1].map(() => tf.layers.dense({ units: 5 }).apply(input));
      const merged = tf.layers[kind](kind === 'dot' ? { axes: 1 } : {}).apply(branches);
      return tf.model({ inputs: input, outputs: tf.layers.dense({ units: 2 }).apply(merged) });
    };
    add('layers', kind, [6], model, { layer: kind });
  }
  const indices = (count, size) =>
    Int32Array.from(numbers(count, 7), (x) => Math.floor(((x + 1) / 2) * size));
  const stackOf =
    (...stack) =>
    () =>
      tf.sequential({ layers: [...stack.map((layer) => layer()), tf.layers.dense({ units: 2 })] });
  add(
    'layers',
    'embedding',
    [5],
    stackOf(
      () => tf.layers.embedding({ inputDim: 9, outputDim: 3, inputLength: 5 }),
      () => tf.layers.flatten(),
    ),
    { layer: 'embedding', input: indices(BATCH * 5, 9) },
  );
  add(
    'layers',
    'masking, then lstm',
    sequence,
    stackOf(
      () => tf.layers.masking({ maskValue: 0, inputShape: sequence }),
      () => tf.layers.lstm({ units: 3 }),
    ),
    { layer: 'masking' },
  );
  // No backend has a gradient through these, so they come first.
  const first = {
    centerCrop: [image, { height: 4, width: 4 }],
    resizing: [image, { height: 4, width: 9 }],
    thresholdedReLU: [image, { theta: 0.2 }],
  };
  for (const [kind, [shape, args]] of Object.entries(first)) {
    const model = () =>
      tf.sequential({
        layers: [
          tf.layers[kind]({ ...args, inputShape: shape }),
          tf.layers.flatten(),
          tf.layers.dense({ units: 2 }),
        ],
      });
    add('layers', `${kind}, first of the model`, shape, model, { layer: kind });
  }
  for (const activation of activations) {
    add(
      'activations',
      activation,
      [8],
      around([8], () => tf.layers.dense({ units: 5, activation })),
    );
  }
  for (const loss of losses) {
    const model = () =>
      tf.sequential({
        layers: [
          tf.layers.dense({ units: 6, activation: 'tanh', inputShape: [8] }),
          tf.layers.dense({ units: 3, activation: 'softmax' }),
        ],
      });
    add('losses', loss, [8], model, { loss });
  }
  for (const optimizer of optimizers) {
    const model = () =>
      tf.sequential({
        layers: [
          tf.layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: image }),
          tf.layers.flatten(),
          tf.layers.dense({ units: 2 }),
        ],
      });
    add('optimizers', optimizer, image, model, { optimizer });
  }
  return cases;
}

const optimizerOf = (tf, name) =>
  name === 'momentum' ? tf.train.momentum(0.01, 0.9) : tf.train[name](name === 'adadelta' ? 1 : 0.01);

/** Trains a case for a few steps on the current backend: the losses, and the weights at the end. */
export async function train(tf, { shape, model: build, loss, optimizer, input }, steps = 4) {
  const model = build();
  const weights = model.getWeights().map((weight, i) => {
    // Positive, as the variances of batch normalization must be, and small.
    const values = numbers(weight.size, i).map((x) =>
      weight.shape.length > 1 ? x * 0.5 : Math.abs(x) + 0.5,
    );
    return tf.tensor(values, weight.shape);
  });
  model.setWeights(weights);
  model.compile({ optimizer: optimizerOf(tf, optimizer), loss });
  const count = shape.reduce((a, b) => a * b, BATCH);
  const x = tf.tensor(input ?? numbers(count, 3), [BATCH, ...shape]);
  const [units] = model.outputs[0].shape.slice(-1);
  const y =
    loss === 'sparseCategoricalCrossentropy'
      ? tf.tensor2d([0, 1, 2, 1], [BATCH, 1])
      : tf.tensor2d(
          numbers(BATCH * units, 4).map((value) => Math.abs(value) / units),
          [BATCH, units],
        );
  const history = [];
  for (let step = 0; step < steps; step++) history.push(await model.trainOnBatch(x, y));
  const final = model.getWeights().flatMap((weight) => Array.from(weight.dataSync()));
  tf.dispose([x, y, ...weights]);
  model.dispose();
  return { losses: history, weights: final };
}

/** Whether two runs of a case agree and stay finite: every loss, and every weight to the largest. */
export function agree(actual, expected, tolerance = 1e-3) {
  const close = (a, b) => {
    const scale = b.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-3);
    return (
      a.length === b.length &&
      b.every(Number.isFinite) &&
      a.every((x, i) => Math.abs(x - b[i]) <= tolerance * scale)
    );
  };
  return close(actual.losses, expected.losses) && close(actual.weights, expected.weights);
}
