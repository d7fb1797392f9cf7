import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { injectNoise, noiseLayers } from './injectNoise';
import { toInferenceModel } from './toInferenceModel';

beforeAll(() => tf.setBackend('cpu'));

type Symbol = tf.SymbolicTensor;
const dense = (units: number, options: object = {}) => tf.layers.dense({ units, ...options });
const predictions = (model: tf.LayersModel, x: tf.Tensor | tf.Tensor[]) =>
  tf.tidy(() => [model.predict(x)].flat().flatMap((y) => [...y.dataSync()]));
const noiseNames = (model: tf.LayersModel, options: object = {}) =>
  noiseLayers(injectNoise(model, options)).map(({ name }) => name);
/** Three examples for each input, of integers where an embedding takes them. */
const inputsOf = (model: tf.LayersModel) => {
  const inputs = model.inputs.map(({ shape, sourceLayer }, i) => {
    const x = tf.randomNormal([3, ...(shape.slice(1) as number[])], 0, 1, 'float32', 5 + i);
    return sourceLayer.name.startsWith('embedding') ? tf.clipByValue(tf.round(tf.abs(x)), 0, 4) : x;
  });
  return inputs.length === 1 ? inputs[0] : inputs;
};
const chain = (hidden: object = {}) =>
  tf.sequential({ layers: [dense(4, { inputShape: [3], activation: 'relu', ...hidden }), dense(2)] });

class Unregistered extends tf.layers.Layer {
  static className = 'UnregisteredOfInjectNoise';
  override call(inputs: tf.Tensor | tf.Tensor[]) {
    return tf.tidy(() => tf.mul([inputs].flat()[0], 2));
  }
}

const networks: Record<string, () => tf.LayersModel> = {
  'a recurrent layer that gets its initial state from a noisy layer': () => {
    const [x, s] = [tf.input({ shape: [3, 2] }), tf.input({ shape: [4] })];
    const state = dense(4, { activation: 'tanh' }).apply(s) as Symbol;
    const y = tf.layers.gru({ units: 4 }).apply(x, { initialState: state }) as Symbol;
    return tf.model({ inputs: [x, s], outputs: dense(1).apply(y) as Symbol });
  },
  'wrappers and stacked cells': () =>
    tf.sequential({
      layers: [
        tf.layers.timeDistributed({ layer: dense(3, { activation: 'relu' }), inputShape: [4, 2] }),
        tf.layers.bidirectional({
          layer: tf.layers.lstm({ units: 2, returnSequences: true }) as tf.RNN,
          mergeMode: 'concat',
        }),
        tf.layers.rnn({ cell: [tf.layers.lstmCell({ units: 2 }), tf.layers.gruCell({ units: 3 })] }),
        dense(4, { activation: 'relu' }),
        dense(1),
      ],
    }),
  'embedding with a mask': () =>
    tf.sequential({
      layers: [
        tf.layers.embedding({ inputDim: 5, outputDim: 3, inputLength: 4, maskZero: true }),
        tf.layers.lstm({ units: 3 }),
        dense(4, { activation: 'relu' }),
        dense(1),
      ],
    }),
  'regularizers and constraints': () =>
    tf.sequential({
      layers: [
        tf.layers.depthwiseConv2d({
          inputShape: [5, 5, 2],
          kernelSize: 2,
          activation: 'relu',
          depthwiseRegularizer: 'l1l2',
        }),
        tf.layers.flatten(),
        dense(3, { activation: 'elu', kernelRegularizer: tf.regularizers.l2({ l2: 0.1 }) }),
        dense(1, { kernelConstraint: 'nonNeg' }),
      ],
    }),
  'channels first, with batch normalization': () =>
    tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [2, 5, 5], filters: 3, kernelSize: 2, dataFormat: 'channelsFirst' }),
        tf.layers.batchNormalization({ axis: 1 }),
        tf.layers.reLU(),
        tf.layers.flatten(),
        dense(1),
      ],
    }),
  'a custom layer that is not registered': () =>
    tf.sequential({
      layers: [dense(4, { inputShape: [3], activation: 'relu' }), new Unregistered(), dense(1)],
    }),
  'a sequential model that begins with a model': () =>
    tf.sequential({ layers: [chain(), dense(4, { activation: 'relu' }), dense(1)] }),
  'batch normalization some of whose weights are frozen': () => {
    const normalization = tf.layers.batchNormalization({ gammaInitializer: 'randomNormal' });
    const model = tf.sequential({
      layers: [dense(4, { inputShape: [3] }), normalization, tf.layers.reLU(), dense(1)],
    });
    // A sequential model makes all weights trainable when it is built.
    model.build();
    normalization.weights[0].trainable = false;
    normalization.weights[2].write(tf.fill([4], 0.5));
    return model;
  },
  'a layer whose name the noise would have had': () =>
    tf.sequential({
      layers: [
        dense(4, { inputShape: [3], activation: 'relu', name: 'a' }),
        dense(4, { name: 'a_noise', activation: 'relu' }),
        dense(1, { name: 'a_activation' }),
      ],
    }),
};

describe.each(Object.entries(networks))('%s', (name, make) => {
  test('has the same function at σ = 0, the same penalties and the same trainable weights', () => {
    const model = make();
    const x = inputsOf(model);
    const silent = injectNoise(model, { initialSigma: 0 });
    const before = predictions(model, x);
    predictions(silent, x).forEach((value, i) => {
      expect(value).toBeCloseTo(before[i], 5);
    });
    const variables = (weights: tf.LayersModel['weights']) =>
      weights.map((weight) => weight.read().id).sort();
    expect(variables(silent.trainableWeights)).toEqual(variables(model.trainableWeights));
    const penalties = (of: tf.LayersModel) =>
      of.calculateLosses().reduce((sum, loss) => sum + loss.dataSync()[0], 0);
    expect(penalties(silent)).toBeCloseTo(penalties(model), 6);
  });

  test('becomes an inference model, and either model can be disposed without harm to the others', () => {
    const model = make();
    const inputs = inputsOf(model);
    const before = predictions(model, inputs);
    const noisy = injectNoise(model);
    if (name.startsWith('channels first')) {
      // The cpu backend computes this wrongly.
      expect(() => toInferenceModel(noisy)).toThrow(/normalizes axis 1/);
      return;
    }
    const inference = toInferenceModel(noisy, { samples: 2 });
    const fixed = predictions(inference, inputs);
    noisy.dispose();
    expect(predictions(inference, inputs)).toEqual(fixed);
    inference.dispose();
    expect(predictions(model, inputs)).toEqual(before);
  });
});

test('a constraint is taken from the layer and not from its getConfig', () => {
  const noisy = injectNoise(networks['regularizers and constraints']());
  const constraints = noisy.trainableWeights.map(({ constraint }) => constraint?.getClassName());
  expect(constraints.filter(Boolean)).toEqual(['NonNeg']);
});

test('the variables go with the last model that uses them', () => {
  const { numTensors } = tf.memory();
  const model = chain();
  const noisy = injectNoise(model);
  expect(tf.memory().numTensors).toBe(numTensors + 4 + noiseLayers(noisy)[0].weights.length);
  model.dispose();
  tf.tidy(() => noisy.predict(tf.ones([1, 3])) && undefined);
  noisy.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
});

test('a frozen base stays frozen, and the rest trains', async () => {
  const base = tf.sequential({
    layers: [dense(4, { inputShape: [3] }), tf.layers.batchNormalization(), tf.layers.reLU()],
  });
  base.trainable = false;
  const x = tf.input({ shape: [3] });
  const head = dense(1, { kernelInitializer: 'ones' });
  const noisy = injectNoise(tf.model({ inputs: x, outputs: head.apply(base.apply(x)) as Symbol }));
  noisy.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  const kernel = [...base.getWeights()[0].dataSync()];
  await noisy.trainOnBatch(tf.randomNormal([8, 3], 0, 1, 'float32', 1), tf.ones([8, 1]));
  expect([...base.getWeights()[0].dataSync()]).toEqual(kernel);
  expect([...head.getWeights()[0].dataSync()]).not.toEqual([1, 1, 1, 1]);
});

test('layers that produce an output get no noise, also before reshaping and averaging', () => {
  const reshaped = tf.sequential({
    layers: [
      dense(4, { inputShape: [3], activation: 'relu', name: 'hidden' }),
      dense(4, { activation: 'sigmoid' }),
      tf.layers.dropout({ rate: 0.5 }),
      tf.layers.reshape({ targetShape: [2, 2] }),
    ],
  });
  expect(noiseNames(reshaped)).toEqual(['hidden_noise']);
  const x = tf.input({ shape: [3] });
  const hidden = dense(4, { activation: 'relu', name: 'trunk' }).apply(x) as Symbol;
  const heads = [1, 2].map(() => dense(2, { activation: 'softmax' }).apply(hidden) as Symbol);
  const ensemble = tf.model({ inputs: x, outputs: tf.layers.average().apply(heads) as Symbol });
  expect(noiseNames(ensemble)).toEqual(['trunk_noise']);
});

test('a layer that is hidden in one place and an output in another gets no noise; nor does the last layer of a nested model at the end', () => {
  const x = tf.input({ shape: [3] });
  const shared = dense(3, { activation: 'tanh' });
  const once = shared.apply(x) as Symbol;
  const outputs = [shared.apply(once) as Symbol, dense(2).apply(once) as Symbol];
  expect(() => injectNoise(tf.model({ inputs: x, outputs }))).toThrow('has no place for noise');

  const inner = tf.sequential({
    layers: [
      dense(3, { inputShape: [3], activation: 'tanh', name: 'within' }),
      dense(3, { activation: 'tanh' }),
    ],
  });
  const twice = inner.apply(inner.apply(x)) as Symbol;
  expect(noiseNames(tf.model({ inputs: x, outputs: twice }))).toEqual(['within_noise']);
});

test('choosing layers: a global pattern matches every time, and unknown names are refused', () => {
  const model = tf.sequential({
    layers: [
      dense(4, { inputShape: [3], activation: 'relu', name: 'g1' }),
      dense(4, { activation: 'relu', name: 'g2' }),
      dense(1, { name: 'last' }),
    ],
  });
  expect(noiseNames(model, { layers: /^g\d/g })).toEqual(['g1_noise', 'g2_noise']);
  expect(() => injectNoise(model, { layers: ['g1', 'g3'] })).toThrow(
    'layers: names "g3", but the model\'s layers are "g1", "g2", "last".',
  );
});

test('a chosen layer with several outputs is refused', () => {
  const [y] = tf.layers
    .lstm({ units: 2, returnState: true, name: 'states' })
    .apply(tf.input({ shape: [3, 2] })) as Symbol[];
  const model = tf.model({
    inputs: y.sourceLayer.inboundNodes[0].inputTensors,
    outputs: dense(1).apply(y) as Symbol,
  });
  expect(() => injectNoise(model, { layers: ['states'] })).toThrow(
    'layers: chooses "states", which has 3 outputs',
  );
});

test('toInferenceModel refuses a model without noise or without a fixed size', () => {
  expect(() => toInferenceModel(chain())).toThrow('has no learnable noise');
  const sizeless = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [null, null, 1], filters: 2, kernelSize: 1, activation: 'relu' }),
      tf.layers.globalAveragePooling2d({ dataFormat: 'channelsLast' }),
      dense(1),
    ],
  });
  expect(() => toInferenceModel(injectNoise(sizeless))).toThrow('fixed noise needs a fixed shape');
});
