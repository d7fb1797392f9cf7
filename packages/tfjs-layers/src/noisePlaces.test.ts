import { deriveKey, gaussian, NoiseStream, seedNoise, withNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { hookNoise } from './hookNoise';
import { type InjectNoiseOptions, injectNoise, noiseLayers } from './injectNoise';
import { noisePlaces } from './noisePlaces';
import { predict } from './predict';
import { toInferenceModel } from './toInferenceModel';

beforeAll(() => tf.setBackend('cpu'));

const init = (seed: number) => tf.initializers.randomNormal({ mean: 0.2, stddev: 0.5, seed });
const dense = (units: number, seed: number, options: object = {}) =>
  tf.layers.dense({ units, kernelInitializer: init(seed), ...options });
const normal = (shape: number[], seed = 7) => tf.randomNormal(shape, 0, 1, 'float32', seed);
const lstm = (options: object = {}) =>
  tf.layers.lstm({
    units: 3,
    kernelInitializer: init(1),
    recurrentInitializer: init(2),
    name: 'lstm',
    ...options,
  });
const draw = (model: tf.LayersModel, x: tf.Tensor, seed = 1) =>
  withNoise(new NoiseStream(seed), () => model.predict(x) as tf.Tensor);
const numbers = (x: tf.Tensor) => [...x.dataSync()];
const expectClose = (a: tf.Tensor, b: tf.Tensor) => {
  expect(a.shape).toEqual(b.shape);
  expect(tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]).toBeLessThan(1e-5);
};

describe('layers without noise: timeDistributed', () => {
  const repeatedDense = () =>
    tf.sequential({
      layers: [
        tf.layers.timeDistributed({
          inputShape: [4, 3],
          layer: dense(5, 1, { activation: 'relu' }),
          name: 'each',
        }),
        tf.layers.flatten(),
        dense(1, 2),
      ],
    });

  test('a dense layer with relu has its noise between the product and the relu, by hand', () => {
    const model = repeatedDense();
    const noisy = injectNoise(model, { initialSigma: 0.5 });
    expect(noiseLayers(noisy).map(({ name }) => name)).toEqual(['each_noise']);
    const x = normal([2, 4, 3]);
    const [w, b, head, bias] = model.getWeights();
    const linear = tf.add(tf.matMul(tf.reshape(x, [8, 3]), w as tf.Tensor2D), b);
    // s_c is 1 before training.
    const noise = tf.mul(gaussian([2, 4, 5], deriveKey(1, 0)), 0.5);
    const hidden = tf.relu(tf.add(tf.reshape(linear, [2, 4, 5]), noise));
    const expected = tf.add(tf.matMul(tf.reshape(hidden, [2, 20]), head as tf.Tensor2D), bias);
    expectClose(draw(noisy, x), expected);
    const hook = hookNoise(model, { initialSigma: 0.5 });
    expectClose(draw(model, x), expected);
    hook.unhook();
    expectClose(model.predict(x) as tf.Tensor, draw(injectNoise(model, { initialSigma: 0 }), x));
  });

  const repeatedModel = () => {
    const inner = tf.sequential({
      layers: [
        dense(4, 1, { inputShape: [3], activation: 'relu', name: 'within' }),
        dense(2, 2, { name: 'last' }),
      ],
    });
    return tf.sequential({
      layers: [
        tf.layers.timeDistributed({ inputShape: [4, 3], layer: inner, name: 'each' }),
        tf.layers.flatten(),
        dense(1, 3, { name: 'head' }),
      ],
    });
  };

  test('a model in it has its noise inside, hooked or injected, saved and loaded', async () => {
    const model = repeatedModel();
    const x = normal([2, 4, 3]);
    expectClose(draw(injectNoise(model, { initialSigma: 0 }), x), model.predict(x) as tf.Tensor);
    const noisy = injectNoise(model, { initialSigma: 0.5 });
    expect(noiseLayers(noisy).map(({ name }) => name)).toEqual(['within_noise']);
    const expected = draw(noisy, x);
    expect(numbers(expected)).not.toEqual(numbers(draw(noisy, x, 2)));
    const hook = hookNoise(model, { initialSigma: 0.5 });
    expect(numbers(draw(model, x))).toEqual(numbers(expected));
    hook.unhook();
    let saved: tf.io.ModelArtifacts | undefined;
    await noisy.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
      }),
    );
    const loaded = await tf.loadLayersModel(
      tf.io.fromMemory({ ...saved!, modelTopology: JSON.parse(JSON.stringify(saved!.modelTopology)) }),
    );
    expect(numbers(draw(loaded, x))).toEqual(numbers(expected));
    expect(() => toInferenceModel(noisy)).toThrow('model: each draws noise at every step');
  });

  test('a noisy model inside timeDistributed is found by predict and trained by the callback', async () => {
    const inner = injectNoise(
      tf.sequential({ layers: [dense(4, 1, { inputShape: [3], activation: 'relu' }), dense(1, 2)] }),
      { initialSigma: 0.5 },
    );
    const model = tf.sequential({
      layers: [
        tf.layers.timeDistributed({ inputShape: [4, 3], layer: inner }),
        tf.layers.flatten(),
        dense(1, 3),
      ],
    });
    const [x, y] = [normal([32, 4, 3]), normal([32, 1], 8)];
    const { variance } = predict(model, x, { samples: 8 }) as { variance: tf.Tensor };
    expect(tf.min(variance).dataSync()[0]).toBeGreaterThan(0);
    expect(() => injectNoise(model)).toThrow('has learnable noise already');
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
    const cross = crossRegularization({ regularizationData: [x, y], every: 1 });
    await model.fit(x, y, { epochs: 2, callbacks: cross, verbose: 0 });
    expect(Object.keys(cross.history.rho)).toEqual([noiseLayers(inner)[0].name]);
    expect(noiseLayers(inner)[0].sigma().dataSync()[0]).not.toBeCloseTo(0.5, 4);
  });
});

describe('layers without noise: recurrent layers', () => {
  const sequence = (layer: tf.layers.Layer) =>
    tf.sequential({
      layers: [tf.layers.inputLayer({ inputShape: [5, 2] }), layer, tf.layers.dense({ units: 1 })],
    });
  const added = (layer: tf.layers.Layer, options: InjectNoiseOptions) => {
    const model = sequence(layer);
    const noisy = injectNoise(model, { initialSigma: 0.5, ...options });
    const part = (whole: tf.LayersModel, name: string) =>
      tf.model({ inputs: whole.inputs, outputs: whole.getLayer(name).output as tf.SymbolicTensor });
    const x = normal([4, 5, 2]);
    return tf.sub(
      draw(part(noisy, `${layer.name}_noise`), x),
      part(model, layer.name).predict(x) as tf.Tensor,
    );
  };

  test('on the outputs, one draw per sequence: the same at every step, by hand', () => {
    const noise = added(lstm({ returnSequences: true }), {});
    const expected = tf.mul(gaussian([4, 1, 3], deriveKey(1, 0)), 0.5);
    expectClose(noise, tf.tile(expected, [1, 5, 1]));
  });

  test('on the outputs, one draw per step', () => {
    const noise = added(lstm({ returnSequences: true }), { recurrent: { draw: 'step' } });
    expectClose(noise, tf.mul(gaussian([4, 5, 3], deriveKey(1, 0)), 0.5));
  });

  test('on the inputs: the layer gets x + σ ε, the same ε at every step', () => {
    const model = sequence(lstm());
    const options: InjectNoiseOptions = { initialSigma: 0.5, recurrent: { at: 'inputs' } };
    const noisy = injectNoise(model, options);
    const x = normal([4, 5, 2]);
    const noise = tf.mul(gaussian([4, 1, 2], deriveKey(1, 0)), 0.5);
    const expected = model.predict(tf.add(x, noise)) as tf.Tensor;
    expectClose(draw(noisy, x), expected);
    hookNoise(model, options);
    expectClose(draw(model, x), expected);
  });

  test.each([
    ['lstm', () => lstm()],
    ['gru', () => tf.layers.gru({ units: 3 })],
    ['simpleRNN', () => tf.layers.simpleRNN({ units: 3 })],
    ['bidirectional', () => tf.layers.bidirectional({ layer: lstm() as never, mergeMode: 'concat' })],
    [
      'rnn of cells',
      () => tf.layers.rnn({ cell: [tf.layers.lstmCell({ units: 3 }), tf.layers.gruCell({ units: 3 })] }),
    ],
  ] as const)('%s: noise by default, none with recurrent: false, the same function at σ = 0', (_, make) => {
    const model = sequence(make() as tf.layers.Layer);
    const x = normal([4, 5, 2]);
    const silent = injectNoise(model, { initialSigma: 0 });
    expect(noiseLayers(silent)).toHaveLength(1);
    expectClose(draw(silent, x), model.predict(x) as tf.Tensor);
    expect(() => injectNoise(model, { recurrent: false })).toThrow('has no place for noise');
  });

  test('convLstm2d with channels first: channels are found', () => {
    const model = tf.sequential({
      layers: [
        tf.layers.convLstm2d({
          inputShape: [3, 2, 5, 5],
          filters: 4,
          kernelSize: 3,
          dataFormat: 'channelsFirst',
          returnSequences: true,
        }) as tf.layers.Layer,
        tf.layers.flatten(),
        dense(1, 1),
      ],
    });
    const [noise] = noiseLayers(injectNoise(model));
    expect(noise.axis).toBe(-3);
    expect(noise.scale().shape).toEqual([4]);
  });

  test('unknown options are refused', () => {
    const model = sequence(lstm());
    expect(() => injectNoise(model, { recurrent: { at: 'gates' } as never })).toThrow(
      `recurrent: must be false or { at: 'outputs' or 'inputs', draw: 'sequence' or 'step' }, but is { at: "gates"`,
    );
    expect(() => injectNoise(model, { recurrent: 'inputs' as never })).toThrow('but is "inputs"');
  });
});

test('layers without noise: the chosen and skipped places, with the reason, can be printed', () => {
  const x = tf.input({ shape: [6] });
  const embedded = tf.layers.embedding({ inputDim: 9, outputDim: 4, name: 'words' }).apply(x);
  const [sequence] = lstm({ returnSequences: true, returnState: true, name: 'encoder' }).apply(
    embedded as tf.SymbolicTensor,
  ) as tf.SymbolicTensor[];
  const each = tf.layers
    .timeDistributed({ layer: dense(3, 1, { activation: 'relu' }), name: 'each' })
    .apply(sequence);
  const flat = tf.layers.flatten({ name: 'flat' }).apply(each as tf.SymbolicTensor);
  const y = dense(2, 2, { activation: 'softmax', name: 'head' }).apply(flat as tf.SymbolicTensor);
  const noisy = injectNoise(tf.model({ inputs: x, outputs: y as tf.SymbolicTensor }));
  const places = noisePlaces(noisy);
  expect(places.chosen.map(({ layer, position }) => [layer.name, position])).toEqual([
    ['each', 'activation'],
  ]);
  expect(String(places)).toBe(
    [
      'each (TimeDistributed)  before its activation: each_noise',
      'words (Embedding)       no noise: has no nonlinearity',
      "encoder (LSTM)          no noise: returns its states too, which noise on its output does not reach; recurrent: { at: 'inputs' } puts it before",
      'flat (Flatten)          no noise: has no nonlinearity',
      'head (Dense)            no noise: makes an output of the model',
    ].join('\n'),
  );
  const model = tf.sequential({
    layers: [dense(2, 1, { inputShape: [2], activation: 'relu' }), dense(1, 2)],
  });
  const hook = hookNoise(model);
  expect(noisePlaces(hook.toModel())).toBe(hook.places);
  expect(() => noisePlaces(tf.sequential())).toThrow('noisy: must be a model that injectNoise(model)');
});

describe('statistics leave out masked steps', () => {
  const deviation = (layer: { scale(): tf.Tensor }) => numbers(layer.scale());

  test.each(['injected', 'hooked'])(
    'at 90 %% padding s_c is that of the steps that count, by hand (%s)',
    async (how) => {
      const model = tf.sequential({
        layers: [
          tf.layers.masking({ maskValue: 0, inputShape: [20, 1] }),
          tf.layers.timeDistributed({
            layer: tf.layers.dense({ units: 2, kernelInitializer: 'ones', activation: 'tanh' }),
          }),
          lstm({ units: 1 }),
        ],
      });
      const hook = how === 'hooked' ? hookNoise(model, { recurrent: false, initialSigma: 1 }) : undefined;
      const noisy = hook ? model : injectNoise(model, { recurrent: false, initialSigma: 1 });
      noisy.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
      const values = [1, -2, 4, 3, -1, 2, 5, -3];
      // Two steps of twenty count in each of four examples.
      const x = tf.buffer([4, 20, 1]);
      values.forEach((v, i) => {
        x.set(v, i >> 1, i % 2, 0);
      });
      await noisy.trainOnBatch(x.toTensor(), tf.zeros([4, 1]));
      const mean = values.reduce((a, b) => a + b) / 8;
      const expected = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 7);
      for (const s of deviation(noiseLayers(hook?.toModel() ?? noisy)[0])) expect(s).toBeCloseTo(expected, 5);
    },
  );

  test('a mask of another layer, which TensorFlow.js passes on, is not used', async () => {
    const [a, b] = [tf.input({ shape: [6, 1] }), tf.input({ shape: [6, 1] })];
    const masked = lstm({ units: 6 }).apply(tf.layers.masking().apply(a)) as tf.SymbolicTensor;
    const column = tf.layers.reshape({ targetShape: [6, 1] }).apply(masked) as tf.SymbolicTensor;
    const other = tf.layers.add().apply([column, b]) as tf.SymbolicTensor;
    const hidden = tf.layers
      .activation({ activation: 'tanh', name: 'hidden' })
      .apply(other) as tf.SymbolicTensor;
    const y = tf.layers.dense({ units: 1 }).apply(tf.layers.flatten().apply(hidden)) as tf.SymbolicTensor;
    const noisy = injectNoise(tf.model({ inputs: [a, b], outputs: y }), {
      recurrent: false,
      initialSigma: 1,
    });
    noisy.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
    const first = tf.tensor(
      Array.from({ length: 24 }, (_, i) => (i % 6 < 1 ? 1 : 0)),
      [4, 6, 1],
    );
    const second = normal([4, 6, 1]);
    const sum = tf.model({ inputs: [a, b], outputs: other }).predict([first, second]) as tf.Tensor;
    await noisy.trainOnBatch([first, second], tf.zeros([4, 1]));
    const { variance } = tf.moments(sum);
    expect(deviation(noiseLayers(noisy)[0])[0]).toBeCloseTo(Math.sqrt((variance.dataSync()[0] * 24) / 23), 4);
  });

  test('batches in which no step, or a single one, counts', () => {
    const model = tf.sequential({
      layers: [tf.layers.masking({ inputShape: [3, 1] }), tf.layers.reLU(), lstm({ units: 1 })],
    });
    const noisy = injectNoise(model, { recurrent: false, momentum: 0.5, initialSigma: 1 });
    const train = (x: number[][]) =>
      tf.dispose(noisy.apply(tf.tensor(x.flat(), [x.length, 3, 1]), { training: true }) as tf.Tensor);
    seedNoise(1);
    train([
      [1, 3, 0],
      [5, 0, 0],
    ]);
    expect(deviation(noiseLayers(noisy)[0])[0]).toBeCloseTo(2, 5);
    train([[0, 0, 0]]);
    expect(deviation(noiseLayers(noisy)[0])[0]).toBeCloseTo(2, 5);
    train([[6, 0, 0]]);
    // 8 on 2 degrees of freedom, halved twice; (6 − 3)² · 3/4 on one.
    expect(deviation(noiseLayers(noisy)[0])[0]).toBeCloseTo(Math.sqrt((2 + 6.75) / (0.5 + 1)), 5);
  });
});

describe('axes by convention: channels first', () => {
  const network = (dataFormat: 'channelsFirst' | 'channelsLast') => {
    const first = dataFormat === 'channelsFirst';
    return tf.sequential({
      layers: [
        tf.layers.conv2d({
          inputShape: first ? [2, 6, 4] : [6, 4, 2],
          filters: 3,
          kernelSize: 3,
          kernelInitializer: init(1),
          activation: 'relu',
          dataFormat,
          name: 'conv',
        }),
        tf.layers.conv2d({
          filters: 5,
          kernelSize: 2,
          kernelInitializer: init(2),
          dataFormat,
          name: 'linear',
        }),
        tf.layers.leakyReLU({ name: 'leaky' }),
        tf.layers.globalAveragePooling2d({ dataFormat }),
        dense(4, 4, { activation: 'elu', name: 'dense' }),
        dense(1, 5),
      ],
    });
  };

  test('σ, s_c and the draw are those of the same network with channels last', () => {
    const x = normal([8, 6, 4, 2]);
    const [last, first] = (['channelsLast', 'channelsFirst'] as const).map((format) =>
      injectNoise(network(format), { per: 'channel', initialSigma: 0.5 }),
    );
    const train = (model: tf.LayersModel, batch: tf.Tensor) =>
      withNoise(new NoiseStream(3), () => model.apply(batch, { training: true }) as tf.Tensor);
    expectClose(train(first, tf.transpose(x, [0, 3, 1, 2])), train(last, x));
    const scales = (model: tf.LayersModel) => noiseLayers(model).map((layer) => numbers(layer.scale()));
    expect(scales(last).map((each) => each.length)).toEqual([3, 5, 4]);
    scales(first).forEach((each, i) => {
      each.forEach((s, c) => {
        expect(s).toBeCloseTo(scales(last)[i][c], 5);
      });
    });
    expectClose(draw(first, tf.transpose(x, [0, 3, 1, 2])), draw(last, x));
    expectClose(
      toInferenceModel(first, { samples: 2 }).predict(tf.transpose(x, [0, 3, 1, 2])) as tf.Tensor,
      toInferenceModel(last, { samples: 2 }).predict(x) as tf.Tensor,
    );
  });

  test('directly after a batch normalization of that axis s_c is |γ|', () => {
    const model = tf.sequential({
      layers: [
        tf.layers.batchNormalization({ inputShape: [3, 5, 5], axis: 1, gammaInitializer: init(3) }),
        tf.layers.reLU(),
        tf.layers.flatten(),
        dense(1, 1),
      ],
    });
    const [gamma] = model.getWeights();
    expect(numbers(noiseLayers(injectNoise(model, { initialSigma: 1 }))[0].scale())).toEqual(
      numbers(tf.abs(gamma)),
    );
  });
});
