import * as tf from '@tensorflow/tfjs-core';
import {
  type LayersModel,
  layers,
  type Sequential,
  sequential,
  version_layers,
} from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { expect, test } from 'vitest';
import * as internals from './internals';

/** What a failing check says: which field of which version is not as `internals.ts` has it. */
const missing = (field: string) =>
  `TensorFlow.js ${version_layers} keeps no ${field} as internals.ts reads it. Adapt its function there`;

const called = <L extends layers.Layer>(layer: L, x: tf.Tensor): L => {
  layer.apply(x);
  return layer;
};

test('is as we expect in the installed version of TensorFlow.js', () => {
  expect(
    internals.heldVersions,
    `Not yet held for ${version_layers}: add it once this file passes`,
  ).toContain(version_layers);
});

test('what a model is compiled with', () => {
  const model: Sequential = sequential({
    layers: [layers.dense({ units: 1, inputShape: [2] }), layers.dense({ units: 3, trainable: false })],
  });
  expect(internals.lossFunctionsOf(model)).toBeUndefined();
  expect(internals.compiledWeightsOf(model)).toBeUndefined();
  model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
  const compiled = internals.functionalModelOf(model) as LayersModel;
  expect(compiled?.layers, missing('Sequential.model')).toContain(model.layers[0]);
  expect(internals.lossOf(compiled), missing('LayersModel.loss')).toBe('meanSquaredError');
  const [loss] = internals.lossFunctionsOf(compiled) ?? [];
  expect(loss, missing('LayersModel.lossFunctions')).toBeTypeOf('function');
  expect(loss!(tf.tensor2d([[1]]), tf.tensor2d([[4]])).dataSync()[0]).toBe(9);
  const weights = internals.compiledWeightsOf(compiled);
  expect(weights, missing('LayersModel.collectedTrainableWeights')).toEqual(model.layers[0].weights);
});

test('the variable of a weight', () => {
  const layer = called(layers.dense({ units: 1 }), tf.ones([1, 2]));
  const [kernel] = layer.weights;
  const variable = tf.variable(tf.tensor2d([[5], [7]]));
  internals.replaceVariable(kernel, variable);
  expect(kernel.read(), missing('LayerVariable.val')).toBe(variable);
  expect((layer.apply(tf.ones([1, 2])) as tf.Tensor).dataSync()[0]).toBe(12);
});

test.each([
  ['sgd', tf.train.sgd(0.5)],
  ['momentum', tf.train.momentum(0.5, 0)],
  ['adagrad', tf.train.adagrad(0.5, 1)],
] as const)('the learning rate that the next step of %s goes by', (name, optimizer) => {
  internals.setLearningRate(optimizer, 0.25);
  const x = tf.variable(tf.scalar(1));
  optimizer.applyGradients([{ name: x.name, tensor: tf.scalar(1) }]);
  // Adagrad divides by √(1 + 1²).
  const expected = 1 - 0.25 / (name === 'adagrad' ? Math.SQRT2 : 1);
  expect(x.dataSync()[0], missing(`${name}.learningRate`)).toBeCloseTo(expected, 6);
});

test('activation functions', () => {
  const layer = layers.dense({ units: 1, activation: 'relu', kernelInitializer: 'ones' });
  expect(internals.activationOf(layer)?.getClassName(), missing('Dense.activation')).toBe('relu');
  expect(internals.activationOf(layers.flatten())).toBeUndefined();
  const linear = internals.activationOf(layers.activation({ activation: 'linear' }));
  expect(linear?.apply(tf.scalar(-2)).dataSync()[0], missing('Activation.activation')).toBe(-2);
  internals.setActivation(layer, linear!);
  expect((layer.apply(tf.tensor2d([[-3]])) as tf.Tensor).dataSync()[0]).toBe(-3);
});

test('the parts of wrappers and recurrent layers', () => {
  const inner = layers.dense({ units: 1 });
  expect(internals.wrappedLayers(layers.timeDistributed({ layer: inner })), missing('Wrapper.layer')).toEqual(
    [inner],
  );
  const template = layers.lstm({ units: 1 });
  const [wrapped, ...directions] = internals.wrappedLayers(
    layers.bidirectional({ layer: template as never, mergeMode: 'concat' }),
  );
  expect(wrapped).toBe(template);
  expect(
    directions.map((layer) => layer.getClassName()),
    missing('Bidirectional.forwardLayer and backwardLayer'),
  ).toEqual(['LSTM', 'LSTM']);
  expect(internals.wrappedLayers(inner)).toEqual([]);
  const cellNames = (layer: layers.Layer) => internals.cellsOf(layer).map((cell) => cell.getClassName());
  expect(cellNames(layers.gru({ units: 1 })), missing('RNN.cell')).toEqual(['GRUCell']);
  const stacked = layers.stackedRNNCells({
    cells: [layers.gruCell({ units: 1 }), layers.lstmCell({ units: 1 })],
  });
  expect(cellNames(stacked), missing('StackedRNNCells.cells')).toEqual(['GRUCell', 'LSTMCell']);
  expect(cellNames(inner)).toEqual([]);
});

test('axes and data formats', () => {
  expect(internals.axisOf(layers.batchNormalization({ axis: 1 })), missing('BatchNormalization.axis')).toBe(
    1,
  );
  expect(internals.axisOf(layers.flatten())).toBeUndefined();
  const shape = { filters: 1, kernelSize: 1, dataFormat: 'channelsFirst' } as const;
  expect(internals.dataFormatOf(layers.conv2d(shape)), missing('Conv2D.dataFormat')).toBe('channelsFirst');
  expect(internals.dataFormatOf(layers.convLstm2d(shape)), missing('ConvLSTM2D.cell.dataFormat')).toBe(
    'channelsFirst',
  );
  expect(internals.dataFormatOf(layers.dense({ units: 1 }))).toBeUndefined();
});

test('masks and sequences', () => {
  const embedding = (maskZero: boolean) => layers.embedding({ inputDim: 2, outputDim: 1, maskZero });
  expect(internals.marksZeros(embedding(true)), missing('Embedding.maskZero')).toBe(true);
  expect(internals.marksZeros(embedding(false))).toBe(false);
  const lstm = (returnSequences: boolean) => layers.lstm({ units: 1, returnSequences });
  expect(internals.returnsLastStep(lstm(false)), missing('RNN.returnSequences')).toBe(true);
  expect(internals.returnsLastStep(lstm(true))).toBe(false);
  expect(internals.returnsLastStep(layers.dense({ units: 1 }))).toBe(false);
});

test('γ and moving statistics of a batch normalization', () => {
  const layer = called(layers.batchNormalization({ gammaInitializer: 'zeros' }), tf.ones([1, 2]));
  expect(internals.gammaOf(layer)?.originalName, missing('BatchNormalization.gamma')).toMatch(/gamma$/);
  const plain = called(layers.batchNormalization({ scale: false }), tf.ones([1, 2]));
  expect(internals.gammaOf(plain)).toBeUndefined();
  const names = internals.movingStatisticsOf(layer).map(({ originalName }) => originalName.split('/').pop());
  expect(names, missing('BatchNormalization.movingMean and movingVariance')).toEqual([
    'moving_mean',
    'moving_variance',
  ]);
});

test('the momentum of a batch normalization, as a training pass uses it', () => {
  const layer = called(layers.batchNormalization({ momentum: 0.75 }), tf.ones([1, 2]));
  expect(internals.momentumOf(layer), missing('BatchNormalization.momentum')).toBe(0.75);
  internals.setMomentum(layer, 0.5);
  layer.apply(tf.fill([3, 2], 4), { training: true });
  const [movingMean] = internals.movingStatisticsOf(layer);
  expect([...movingMean.read().dataSync()]).toEqual([2, 2]);
});

test('the states of a stateful recurrent layer', () => {
  const recurrent = (stateful: boolean) =>
    called(
      layers.simpleRNN({ units: 2, stateful, batchInputShape: [1, 3, 1], recurrentInitializer: 'zeros' }),
      tf.ones([1, 3, 1]),
    );
  const layer = recurrent(true);
  expect(internals.isStateful(layer), missing('RNN.states_')).toBe(true);
  if (!internals.isStateful(layer)) return;
  expect(layer.states_.map(({ shape }) => shape)).toEqual([[1, 2]]);
  expect(layer.keptStates, missing('RNN.keptStates')).toBeInstanceOf(Array);
  expect(internals.isStateful(recurrent(false))).toBe(false);
});

test('the parts that a layer has created from its configuration', () => {
  const layer = layers.dense({ units: 1, kernelRegularizer: 'l1l2' });
  const part = internals.partOf(layer, 'kernelRegularizer') as tf.serialization.Serializable;
  expect(part?.getClassName(), missing('Dense.kernelRegularizer')).toBe('L1L2');
});

test('a missing field is named, with the versions that have it', () => {
  class Weight {}
  expect(() => internals.replaceVariable(new Weight() as never, tf.variable(tf.scalar(1)))).toThrow(
    'Weight of TensorFlow.js has no field val, which @crossreg/tfjs-layers needs. ' +
      'Install @tensorflow/tfjs-layers 4.22.0.',
  );
  expect(() => internals.movingStatisticsOf(layers.flatten())).toThrow(/Flatten.*movingMean/);
});

test.each(
  Object.entries({
    ...{ sgd: tf.train.sgd(0.1), momentum: tf.train.momentum(0.1, 0.9), adagrad: tf.train.adagrad(0.1) },
    ...{ adadelta: tf.train.adadelta(0.1), rmsprop: tf.train.rmsprop(0.1, 0.9, 0.5, undefined, true) },
    ...{ adam: tf.train.adam(0.1), adamax: tf.train.adamax(0.1) },
  }),
)('the variables and the count of steps of %s', (name, optimizer) => {
  const { registeredVariables } = tf.engine();
  const w = tf.variable(tf.tensor1d([1, 2]));
  const before = new Set(Object.values(registeredVariables));
  const made = internals.optimizerVariablesOf(optimizer);
  optimizer.minimize(() => tf.sum(tf.square(w)) as tf.Scalar, false, [w]);
  const fresh = Object.values(registeredVariables).filter((one) => !before.has(one));
  const found = internals.optimizerVariablesOf(optimizer);
  expect(new Set(found), missing(`variables of ${name}`)).toEqual(new Set([...(made ?? []), ...fresh]));
  expect(optimizer.iterations).toBe(1);
  internals.setIterations(optimizer, 7);
  expect(optimizer.iterations, missing(`${name}.iterations_`)).toBe(7);
  class Own extends tf.SGDOptimizer {}
  expect(internals.optimizerVariablesOf(new Own(0.1))).toBeUndefined();
});
