import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { injectNoise, noiseLayers } from './injectNoise';
import { predict } from './predict';
import { toInferenceModel } from './toInferenceModel';

beforeAll(() => tf.setBackend('cpu'));

const seeded = (seed: number) => tf.initializers.glorotNormal({ seed });
const dense = (units: number, seed: number, options: object = {}) =>
  tf.layers.dense({ units, kernelInitializer: seeded(seed), ...options });

const networks: Record<string, () => { model: tf.LayersModel; noises: number }> = {
  'sequential, fused activations': () => ({
    model: tf.sequential({
      layers: [
        tf.layers.conv2d({
          inputShape: [6, 6, 2],
          filters: 3,
          kernelSize: 3,
          activation: 'relu',
          kernelInitializer: seeded(1),
        }),
        tf.layers.maxPooling2d({ poolSize: 2 }),
        tf.layers.flatten(),
        dense(5, 2, { activation: 'tanh' }),
        dense(3, 3, { activation: 'softmax' }),
      ],
    }),
    noises: 2,
  }),
  'batch norm and separate activations, separate softmax': () => ({
    model: tf.sequential({
      layers: [
        dense(6, 1, { inputShape: [4] }),
        tf.layers.batchNormalization({
          gammaInitializer: tf.initializers.randomNormal({ mean: 1, stddev: 0.3, seed: 4 }),
        }),
        tf.layers.reLU(),
        dense(3, 2),
        tf.layers.activation({ activation: 'softmax' }),
      ],
    }),
    noises: 1,
  }),
  'functional with a skip, two inputs and two outputs': () => {
    const [a, b] = [tf.input({ shape: [4] }), tf.input({ shape: [3] })];
    const left = dense(5, 1, { activation: 'relu' }).apply(a) as tf.SymbolicTensor;
    const right = dense(5, 2, { activation: 'relu' }).apply(b) as tf.SymbolicTensor;
    const joined = tf.layers.add().apply([left, right]) as tf.SymbolicTensor;
    const hidden = dense(5, 3, { activation: 'elu' }).apply(joined) as tf.SymbolicTensor;
    const skip = tf.layers.concatenate().apply([hidden, left]) as tf.SymbolicTensor;
    const outputs = [4, 5].map((seed) => dense(2, seed).apply(skip) as tf.SymbolicTensor);
    return { model: tf.model({ inputs: [a, b], outputs }), noises: 3 };
  },
  'nested, the inner model shared': () => {
    const inner = tf.sequential({
      layers: [dense(4, 1, { inputShape: [4], activation: 'relu' }), dense(4, 2, { activation: 'relu' })],
    });
    const x = tf.input({ shape: [4] });
    const twice = inner.apply(inner.apply(x)) as tf.SymbolicTensor;
    return {
      model: tf.model({ inputs: x, outputs: dense(2, 3).apply(twice) as tf.SymbolicTensor }),
      noises: 2,
    };
  },
};

const inputsOf = (model: tf.LayersModel) =>
  model.inputs.map((x, i) => tf.randomNormal([5, ...(x.shape.slice(1) as number[])], 0, 1, 'float32', 7 + i));
const outputsOf = (model: tf.LayersModel, inputs: tf.Tensor[]) =>
  [model.predict(inputs.length === 1 ? inputs[0] : inputs)].flat().map((y) => [...y.dataSync()]);

describe.each(Object.entries(networks))('%s', (_, make) => {
  test('the function is unchanged at σ = 0, and so is the original', () => {
    const { model, noises } = make();
    const inputs = inputsOf(model);
    const before = outputsOf(model, inputs);
    const names = model.layers.map((layer) => layer.name);
    const silent = injectNoise(model, { initialSigma: 0 });
    expect(noiseLayers(silent)).toHaveLength(noises);
    outputsOf(silent, inputs).forEach((values, i) => {
      values.forEach((v, j) => {
        expect(v).toBeCloseTo(before[i][j], 5);
      });
    });
    expect(model.layers.map((layer) => layer.name)).toEqual(names);
    for (const layer of model.layers) expect(() => layer.outputShape).not.toThrow();
    expect(outputsOf(model, inputs)).toEqual(before);
  });

  test('at σ = 1 predict has noise, and weights are shared in both directions', () => {
    const { model } = make();
    const noisy = injectNoise(model);
    const inputs = inputsOf(model);
    expect(outputsOf(noisy, inputs)).not.toEqual(outputsOf(noisy, inputs));
    const weight = noisy.trainableWeights[0].read() as tf.Variable;
    weight.assign(tf.onesLike(weight));
    const shared = model.trainableWeights.some((w) => w.read().id === weight.id);
    expect(shared).toBe(true);
  });

  test('a saved model loads with its σ and predicts the same numbers for the same seed', async () => {
    const noisy = injectNoise(make().model);
    for (const [i, layer] of noiseLayers(noisy).entries())
      layer.rho.assign(tf.fill(layer.rho.shape, -0.5 - 0.1 * i));
    let saved: tf.io.ModelArtifacts | undefined;
    await noisy.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
      }),
    );
    const json = JSON.parse(JSON.stringify(saved!.modelTopology));
    const loaded = await tf.loadLayersModel(tf.io.fromMemory({ ...saved!, modelTopology: json }));
    const inputs = inputsOf(noisy);
    const numbers = (model: tf.LayersModel) =>
      [predict(model, inputs, { samples: 3, seed: 5 })].flat().map(({ mean }) => [...mean.dataSync()]);
    expect(numbers(loaded)).toEqual(numbers(noisy));
  });

  test('its inference model is deterministic, has stock layers only, and is near the average that it stands for', () => {
    const noisy = injectNoise(make().model, { initialSigma: 0.3 });
    const inputs = inputsOf(noisy);
    const inference = toInferenceModel(noisy, { samples: 64, seed: 1 });
    expect(JSON.stringify(inference.toJSON())).not.toContain('LearnableNoise');
    const fixed = outputsOf(inference, inputs);
    expect(outputsOf(inference, inputs)).toEqual(fixed);
    [predict(noisy, inputs, { samples: 256 })].flat().forEach(({ mean, variance }, i) => {
      const [m, v] = [mean.dataSync(), variance.dataSync()];
      fixed[i].forEach((value, j) => {
        // 6 standard errors of the difference of two averages, of 64 and 256 draws.
        expect(Math.abs(value - m[j])).toBeLessThan(6 * Math.sqrt(v[j] * (1 / 64 + 1 / 256)) + 1e-6);
      });
    });
  });
});

test('places can be chosen, and a model without any is refused', () => {
  const { model } = networks['sequential, fused activations']();
  const names = (options: object) => noiseLayers(injectNoise(model, options)).map((layer) => layer.name);
  const flatten = model.layers[2].name;
  expect(names({ layers: [flatten] })).toEqual([`${flatten}_noise`]);
  expect(names({ layers: /^conv/ })).toHaveLength(1);
  expect(() => injectNoise(model, { layers: ['nowhere'] })).toThrow('layers: names "nowhere", but the model');
  const linear = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
  expect(() => injectNoise(linear)).toThrow('has no place for noise: it has no hidden nonlinearity');
  expect(() => injectNoise(injectNoise(model))).toThrow('has learnable noise already');
  expect(() => injectNoise({} as never)).toThrow('model: must be a tf.LayersModel');
  expect(() => injectNoise(model, { initialSigma: -1 })).toThrow(
    'initialSigma: must be a finite number of at least 0',
  );
});
