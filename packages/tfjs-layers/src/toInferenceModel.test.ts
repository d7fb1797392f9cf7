import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { injectNoise, noiseLayers } from './injectNoise';
import { LearnableNoise } from './learnableNoise';
import { toInferenceModel } from './toInferenceModel';

beforeAll(() => tf.setBackend('cpu'));

/** Noise in front of a linear layer, with its weights. */
function linear(sigma: number) {
  const input = tf.input({ shape: [3] });
  const noise = new LearnableNoise({ initialSigma: sigma });
  const last = tf.layers.dense({
    units: 2,
    kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }),
  });
  const model = tf.model({
    inputs: input,
    outputs: last.apply(noise.apply(input) as tf.SymbolicTensor) as tf.SymbolicTensor,
  });
  return { model, last };
}
const x = () => tf.randomNormal([4, 3], 0, 1, 'float32', 2);
const rows = (y: unknown) => (y as tf.Tensor).arraySync() as number[][];

test('for a linear network it is the network plus a constant, the mean of the draws', () => {
  const { model, last } = linear(1);
  const plain = rows(last.apply(x()));
  const offsets = (samples: number) =>
    rows(toInferenceModel(model, { samples, seed: 1 }).predict(x())).map((row, i) =>
      row.map((v, j) => v - plain[i][j]),
    );
  const few = offsets(4);
  for (const row of few) {
    for (const j of [0, 1]) expect(row[j]).toBeCloseTo(few[0][j], 5);
  }
  expect(Math.abs(few[0][0])).toBeGreaterThan(0.01);
  // The mean of 100 draws of W ε has the standard deviation ‖w‖/10: five of them err once in 1.7 million seeds.
  const kernel = last.getWeights()[0].arraySync() as number[][];
  offsets(100)[0].forEach((v, j) => {
    expect(Math.abs(v)).toBeLessThan((5 * Math.hypot(...kernel.map((row) => row[j]))) / 10);
  });
});

test('it has as many paths as samples, of stock layers only, with shared weights', () => {
  const { model, last } = linear(0.5);
  const inference = toInferenceModel(model, { samples: 3 });
  const classes = inference.layers.map((layer) => layer.getClassName());
  expect(classes).not.toContain('LearnableNoise');
  expect(classes.filter((name) => name === 'BatchNormalization')).toHaveLength(3);
  expect(classes.filter((name) => name === 'Dense')).toHaveLength(1);
  const before = rows(inference.predict(x()));
  last.setWeights([tf.zeros([3, 2]), tf.tensor1d([5, 7])]);
  expect(rows(inference.predict(x()))).not.toEqual(before);
  for (const row of rows(inference.predict(x()))) {
    expect(row[0]).toBeCloseTo(5, 5);
    expect(row[1]).toBeCloseTo(7, 5);
  }
});

test('a seed repeats the draws, another seed gives others', () => {
  const { model } = linear(1);
  const made = (seed: number) => rows(toInferenceModel(model, { samples: 2, seed }).predict(x()));
  expect(made(1)).toEqual(made(1));
  expect(made(2)).not.toEqual(made(1));
});

test('it loads with stock layers only: its JSON names no class of ours', async () => {
  const base = tf.sequential({
    layers: [
      tf.layers.dense({ units: 4, inputShape: [3], activation: 'relu' }),
      tf.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  const noisy = injectNoise(base);
  expect(noiseLayers(noisy)).toHaveLength(1);
  const inference = toInferenceModel(noisy);
  expect(JSON.stringify(inference.toJSON())).not.toContain('LearnableNoise');
  let saved: tf.io.ModelArtifacts | undefined;
  await inference.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved as tf.io.ModelArtifacts));
  const [now, then] = [rows(loaded.predict(x())), rows(inference.predict(x()))];
  now.flat().forEach((v, i) => {
    expect(v).toBeCloseTo(then.flat()[i], 6);
  });
});

test('a model without noise or fixed shape, and a fractional number of samples, are refused', () => {
  const plain = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [3] })] });
  expect(() => toInferenceModel(plain)).toThrow('model: sequential');
  expect(() => toInferenceModel(linear(1).model, { samples: 0 })).toThrow('samples');
  expect(() => toInferenceModel(linear(1).model, { draws: 3 } as never)).toThrow('draws');
  const input = tf.input({ shape: [null, 3] });
  const open = new LearnableNoise({ initialSigma: 1 }).apply(input) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: open });
  expect(() => toInferenceModel(model)).toThrow('fixed noise needs a fixed shape');
});

const saveAndLoad = async (model: tf.LayersModel) => {
  let saved: tf.io.ModelArtifacts = {};
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  });
  await model.save(handler);
  return tf.loadLayersModel(tf.io.fromMemory(saved));
};

test('a layer that is used twice, with noise in between, survives saving (loading had renumbered its calls)', async () => {
  const dense = (units: number) =>
    tf.layers.dense({
      units,
      activation: 'tanh',
      kernelInitializer: tf.initializers.glorotNormal({ seed: units }),
    });
  const input = tf.input({ shape: [3] });
  const twice = dense(4);
  const calls = (x: unknown) => twice.apply(dense(3).apply(x as tf.SymbolicTensor)) as tf.SymbolicTensor;
  const early = calls(input);
  const late = calls(early);
  // The late call first, so that a walk from the outputs meets it first.
  const model = tf.model({ inputs: input, outputs: [late, early].map((y) => dense(2).apply(y)) as never });
  const noisy = injectNoise(model, { initialSigma: 1 });
  const inference = toInferenceModel(noisy, { samples: 5 });
  const loaded = await saveAndLoad(inference);
  const [own, others] = [inference, loaded].map((one) => (one.predict(x()) as tf.Tensor[]).map(rows));
  expect(others).toEqual(own);
});

test('everything is freed with the models, in any order', () => {
  const input = tf.input({ shape: [3] });
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ]) {
    const { numTensors } = tf.memory();
    const hidden = tf.layers.dense({ units: 4, activation: 'tanh' }).apply(input);
    const outputs = tf.layers.dense({ units: 2 }).apply(hidden) as tf.SymbolicTensor;
    const model = tf.model({ inputs: input, outputs });
    const noisy = injectNoise(model);
    const models = [model, noisy, toInferenceModel(noisy)];
    for (const i of order) models[i].dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  }
});

test('two outputs of one layer, as of a siamese network, are told apart', () => {
  const [a, b] = [tf.input({ shape: [3] }), tf.input({ shape: [3] })];
  const hidden = tf.layers.dense({ units: 4, activation: 'tanh' });
  const head = tf.layers.dense({ units: 2, name: 'head' });
  const of = (x: tf.SymbolicTensor) => head.apply(hidden.apply(x) as tf.SymbolicTensor) as tf.SymbolicTensor;
  const noisy = injectNoise(tf.model({ inputs: [a, b], outputs: [of(a), of(b)] }));
  const stock = toInferenceModel(noisy, { samples: 2 });
  expect(stock.outputNames).toEqual(['head_inference_average', 'head_1_inference_average']);
  const [left, right] = stock.predict([x(), tf.neg(x())]) as tf.Tensor[];
  const [swapped] = stock.predict([tf.neg(x()), x()]) as tf.Tensor[];
  expect(left.shape).toEqual([4, 2]);
  // Each input gets different draws of the noise, so the two outputs agree only roughly.
  expect(rows(tf.mean(tf.abs(tf.sub(right, swapped)))) as unknown as number).toBeLessThan(0.5);
});
