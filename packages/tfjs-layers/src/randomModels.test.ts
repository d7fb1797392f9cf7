import { deriveSeed, permutation } from '@crossreg/core';
import { NoiseStream, withNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { injectNoise, noiseLayers } from './injectNoise';
import { predict } from './predict';
import { toInferenceModel } from './toInferenceModel';

beforeAll(() => tf.setBackend('cpu'));

const examples = 6;
const heads = {
  meanSquaredError: { activation: 'linear', averaging: 'mean' },
  meanAbsoluteError: { activation: 'tanh', averaging: 'mean' },
  meanSquaredLogarithmicError: { activation: 'softplus', averaging: 'mean' },
  meanAbsolutePercentageError: { activation: 'linear', averaging: 'mean' },
  logcosh: { activation: 'linear', averaging: 'mean' },
  hinge: { activation: 'linear', averaging: 'mean' },
  squaredHinge: { activation: 'linear', averaging: 'mean' },
  categoricalHinge: { activation: 'linear', averaging: 'mean' },
  poisson: { activation: 'softplus', averaging: 'mean' },
  cosineProximity: { activation: 'linear', averaging: 'mean' },
  kullbackLeiblerDivergence: { activation: 'softmax', averaging: 'probabilities' },
  categoricalCrossentropy: { activation: 'softmax', averaging: 'probabilities' },
  sparseCategoricalCrossentropy: { activation: 'softmax', averaging: 'probabilities' },
  binaryCrossentropy: { activation: 'sigmoid', averaging: 'probabilities' },
  softmaxCrossEntropy: { activation: 'linear', averaging: 'logits' },
  sigmoidCrossEntropy: { activation: 'linear', averaging: 'sigmoidLogits' },
} as const;
type Loss = keyof typeof heads;
const functions: Partial<Record<Loss, (y: tf.Tensor, z: tf.Tensor) => tf.Tensor>> = {
  softmaxCrossEntropy: (y, z) => tf.losses.softmaxCrossEntropy(y, z),
  sigmoidCrossEntropy: (y, z) => tf.losses.sigmoidCrossEntropy(y, z),
};

const trunks = [
  'dense',
  'normalized',
  'separate',
  'conv',
  'pooled',
  'recurrent',
  'both directions',
  'every step',
  'convolved steps',
  'embedding',
  'nested',
] as const;
const models = fc.record({
  inputs: fc.array(fc.constantFrom(...trunks), { minLength: 1, maxLength: 3 }),
  losses: fc.array(fc.constantFrom(...(Object.keys(heads) as Loss[])), { minLength: 1, maxLength: 3 }),
  sequential: fc.boolean(),
  per: fc.constantFrom('layer' as const, 'channel' as const),
  seed: fc.integer({ min: 1, max: 1e6 }),
});
type Recipe = typeof models extends fc.Arbitrary<infer R> ? R : never;

function build({ inputs, losses, sequential, seed }: Recipe) {
  let next = seed;
  const init = () => tf.initializers.glorotNormal({ seed: next++ });
  const dense = (units: number, activation: string, options: object = {}) =>
    tf.layers.dense({ units, activation: activation as never, kernelInitializer: init(), ...options });
  const trunk = (kind: (typeof trunks)[number]): { shape: number[]; layers: tf.layers.Layer[] } => {
    switch (kind) {
      case 'dense':
        return { shape: [3], layers: [dense(4, 'tanh')] };
      case 'normalized':
        return { shape: [3], layers: [dense(4, 'linear'), tf.layers.batchNormalization(), tf.layers.reLU()] };
      case 'separate':
        return { shape: [3], layers: [dense(4, 'linear'), tf.layers.layerNormalization(), tf.layers.elu()] };
      case 'conv': {
        const conv = { filters: 2, kernelSize: 2, activation: 'relu' as const, kernelInitializer: init() };
        return { shape: [4, 4, 1], layers: [tf.layers.conv2d(conv), tf.layers.flatten()] };
      }
      case 'pooled': {
        const conv = { filters: 3, kernelSize: 2, activation: 'elu' as const, kernelInitializer: init() };
        const pool = tf.layers.globalAveragePooling1d({} as never);
        return { shape: [5, 2], layers: [tf.layers.conv1d(conv), pool] };
      }
      case 'recurrent': {
        const options = { units: 3, kernelInitializer: init(), recurrentInitializer: init() };
        const make = [tf.layers.gru, tf.layers.lstm, tf.layers.simpleRNN][seed % 3];
        return { shape: [3, 2], layers: [make(options as never), dense(3, 'tanh')] };
      }
      case 'both directions': {
        const options = { units: 2, kernelInitializer: init(), recurrentInitializer: init() };
        const layer = tf.layers.gru({ ...options, returnSequences: true }) as tf.RNN;
        const both = tf.layers.bidirectional({ layer, mergeMode: 'concat' });
        return { shape: [3, 2], layers: [both, tf.layers.flatten()] };
      }
      case 'every step': {
        const each = tf.layers.timeDistributed({ layer: dense(3, 'relu') });
        return { shape: [3, 2], layers: [each, tf.layers.flatten()] };
      }
      case 'convolved steps': {
        const options = {
          filters: 2,
          kernelSize: 2,
          kernelInitializer: init(),
          recurrentInitializer: init(),
        };
        return { shape: [2, 3, 3, 1], layers: [tf.layers.convLstm2d(options), tf.layers.flatten()] };
      }
      case 'embedding': {
        const table = tf.layers.embedding({ inputDim: 5, outputDim: 2, embeddingsInitializer: init() });
        return { shape: [3], layers: [table, tf.layers.flatten(), dense(4, 'relu')] };
      }
      case 'nested':
        return {
          shape: [3],
          layers: [tf.sequential({ layers: [dense(4, 'sigmoid', { inputShape: [3] })] })],
        };
    }
  };
  const units = (loss: Loss) => (loss === 'binaryCrossentropy' ? 1 : 3);
  const head = (loss: Loss, i: number) => dense(units(loss), heads[loss].activation, { name: `out${i}` });
  const parts = inputs.map(trunk);
  const compile = (model: tf.LayersModel) => {
    const loss = losses.map((name) => functions[name] ?? name);
    model.compile({
      optimizer: tf.train.sgd(0.01),
      loss: (model.outputs.length > 1 ? loss : loss[0]) as never,
    });
    return model;
  };
  let model: tf.LayersModel;
  if (sequential && inputs.length === 1 && losses.length === 1) {
    const chain = tf.sequential();
    chain.add(tf.layers.inputLayer({ inputShape: parts[0].shape }));
    for (const layer of [...parts[0].layers, head(losses[0], 0)]) chain.add(layer);
    model = chain;
  } else {
    const symbols = parts.map(({ shape }) => tf.input({ shape }));
    const ends = parts.map(({ layers }, i) =>
      layers.reduce((x, layer) => layer.apply(x) as tf.SymbolicTensor, symbols[i]),
    );
    const joined = ends.length > 1 ? (tf.layers.concatenate().apply(ends) as tf.SymbolicTensor) : ends[0];
    const outputs = losses.map((loss, i) => head(loss, i).apply(joined) as tf.SymbolicTensor);
    model = tf.model({ inputs: symbols, outputs });
  }
  const x = parts.map(({ shape }, i) =>
    inputs[i] === 'embedding'
      ? tf.tensor(
          Array.from({ length: examples * 3 }, (_, j) => (j * 7 + seed) % 5),
          [examples, 3],
        )
      : tf.randomNormal([examples, ...shape], 0, 1, 'float32', seed + i),
  );
  const numbers = Array.from({ length: examples }, (_, i) => (i + seed) % 3);
  const oneHot = numbers.map((c) => [0, 1, 2].map((u) => (u === c ? 1 : 0)));
  const y = losses.map((loss) => {
    if (loss === 'sparseCategoricalCrossentropy') return tf.tensor2d(numbers.map((c) => [c]));
    return units(loss) === 1 ? tf.tensor2d(numbers.map((c) => [c % 2])) : tf.tensor2d(oneHot);
  });
  return { model, x, y, compile };
}
const still = () => ({ step: () => {}, iterations: 0, slots: [], dispose() {} });
const one = <T>(list: T[]) => (list.length === 1 ? list[0] : list);
const all = (tensors: tf.Tensor | tf.Tensor[]) => [tensors].flat().map((t) => [...t.dataSync()]);
const close = (a: number[][], b: number[][], digits: number) => {
  a.forEach((row, i) => {
    row.forEach((value, j) => {
      expect(Math.abs(value - b[i][j])).toBeLessThan(10 ** -digits * Math.max(1, Math.abs(value)));
    });
  });
};

/** The loss of one ρ step over all examples, whose noise and order are those of seed 0. */
async function rhoLoss(noisy: tf.LayersModel, x: tf.Tensor[], y: tf.Tensor[]) {
  const cross = crossRegularization({
    ...{ regularizationData: [x, y] as never, every: 1, samples: 2, batchSize: examples, optimizer: still },
    allowMissingClasses: true,
  });
  cross.setModel(noisy);
  await cross.onTrainBegin();
  await cross.onBatchEnd(0);
  await cross.onEpochEnd(0);
  const result = { loss: cross.history.loss[0], averaging: Object.values(cross.averaging) };
  cross.dispose();
  return result;
}

/** The average of two draws by its definition: of probabilities, and back. */
function average(kind: string, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const mean = (f: (z: tf.Tensor) => tf.Tensor) => tf.div(tf.add(f(a), f(b)), 2);
  if (kind === 'logits') return tf.log(mean((z) => tf.softmax(z)));
  if (kind !== 'sigmoidLogits') return mean((z) => z);
  const p = mean((z) => tf.sigmoid(z));
  return tf.log(tf.div(p, tf.sub(1, p)));
}

async function check(recipe: Recipe) {
  const { model, x, y, compile } = build(recipe);
  const { losses, per } = recipe;
  // σ = 0 is the original function, and the ρ loss the model's own.
  const silent = compile(injectNoise(model, { initialSigma: 0, per }));
  close(all(silent.predict(one(x)) as tf.Tensor), all(model.predict(one(x)) as tf.Tensor), 4);
  const evaluated = [
    silent.evaluate(one(x), one(y), { batchSize: examples }) as tf.Scalar | tf.Scalar[],
  ].flat();
  // With several outputs TensorFlow.js gives running sums, the last of which is the loss.
  const own = evaluated[losses.length - 1].dataSync()[0];
  const atZero = await rhoLoss(silent, x, y);
  close([[atZero.loss]], [[own]], 3);
  expect(atZero.averaging).toEqual(losses.map((loss) => heads[loss].averaging));

  // With noise it is the loss of the average over the same draws.
  const noisy = compile(injectNoise(model, { initialSigma: 0.5, per }));
  await rhoLoss(noisy, x, y);
  const { numTensors } = tf.memory();
  const { loss } = await rhoLoss(noisy, x, y);
  expect(tf.memory().numTensors).toBe(numTensors);
  const expected = tf.tidy(() => {
    const order = tf.tensor1d([...permutation(examples, deriveSeed(deriveSeed(0, 2), 0))], 'int32');
    const inputs = x.map((tensor) => tf.concat([tf.gather(tensor, order), tf.gather(tensor, order)]));
    // Two draws are a pair ±ε.
    const draws = withNoise(new NoiseStream(deriveSeed(0, 1, 0), 0, 0, true), () =>
      [noisy.apply(one(inputs), { training: false }) as tf.Tensor | tf.Tensor[]].flat(),
    );
    const { lossFunctions } = noisy as unknown as {
      lossFunctions: ((y: tf.Tensor, z: tf.Tensor) => tf.Tensor)[];
    };
    return draws
      .map((z, i) => {
        const [a, b] = tf.split(z, 2);
        return tf.mean(lossFunctions[i](tf.gather(y[i], order), average(heads[losses[i]].averaging, a, b)));
      })
      .reduce((sum, term) => tf.add(sum, term))
      .dataSync()[0];
  });
  close([[loss]], [[expected]], 3);

  // Saved and loaded, it predicts the same.
  let kept: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    kept = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  });
  await noisy.save(handler);
  const loaded = await tf.loadLayersModel(tf.io.fromMemory(kept as tf.io.ModelArtifacts));
  const means = (m: tf.LayersModel, samples: number) =>
    [predict(m, one(x), { samples, seed: 5 })].flat().map(({ mean, variance }) => [mean, variance]);
  const before = means(noisy, 2);
  const after = means(loaded, 2);
  before.forEach(([mean], i) => {
    expect(all(after[i][0])).toEqual(all(mean));
  });

  // toInferenceModel agrees with predict: probabilities and means within 6 standard errors of either average.
  const [K, F] = [16, 6];
  const inference = [
    toInferenceModel(noisy, { samples: F, seed: 9 }).predict(one(x)) as tf.Tensor | tf.Tensor[],
  ].flat();
  means(noisy, K).forEach(([mean, variance], i) => {
    const kind = heads[losses[i]].averaging;
    const unit = (z: tf.Tensor) =>
      kind === 'logits' ? tf.softmax(z) : kind === 'sigmoidLogits' ? tf.sigmoid(z) : z;
    const [a, b, v] = [unit(mean), unit(inference[i]), variance].map((t) => [...t.dataSync()]);
    a.forEach((value, j) => {
      // A lower bound, because the variance of few draws may be too small by chance.
      const floor = Math.max(...v) / 4;
      expect(Math.abs(value - b[j])).toBeLessThan(
        6 * Math.sqrt(Math.max(v[j], floor) * (1 / K + 1 / F)) + 1e-4,
      );
    });
  });
  expect(noiseLayers(noisy).length).toBeGreaterThan(0);
}

test('300 random models: σ = 0, the ρ loss, memory, saving and inference models are right for all', async () => {
  await fc.assert(
    fc.asyncProperty(models, async (recipe) => {
      tf.engine().startScope();
      try {
        await check(recipe);
      } finally {
        tf.engine().endScope();
      }
    }),
    { numRuns: Number(process.env.RANDOM_MODELS ?? 300), seed: 15 },
  );
}, 480_000);
