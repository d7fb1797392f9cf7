import { logitsOf, temperatureScaling } from '@crossreg/calibration';
import { deriveSeed } from '@crossreg/core';
import { NoiseStream, withNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { Ensemble } from './ensemble';
import { injectNoise, noiseLayers } from './injectNoise';
import { loadEnsemble } from './loadEnsemble';
import { predict } from './predict';
import { toInferenceModel } from './toInferenceModel';

beforeAll(() => tf.setBackend('cpu'));

const x = tf.randomNormal([5, 3], 0, 1, 'float32', 1);
const M = 3;

/** A member with its strength of noise; layers have the same names in each. */
function member(
  seed: number,
  { activation = 'softmax', loss = 'categoricalCrossentropy' as never, units = 2 } = {},
) {
  const init = (i: number) => tf.initializers.randomNormal({ stddev: 1, seed: 10 * seed + i });
  const base = tf.sequential({
    layers: [
      tf.layers.dense({
        name: 'hidden',
        units: 6,
        inputShape: [3],
        activation: 'relu',
        kernelInitializer: init(1),
      }),
      tf.layers.dense({ name: 'out', units, activation: activation as never, kernelInitializer: init(2) }),
    ],
  });
  const noisy = injectNoise(base);
  base.dispose();
  for (const layer of noiseLayers(noisy)) {
    layer.rho.assign(tf.scalar(Math.log(0.4 + 0.3 * seed)));
    // The deviation that the noise is relative to, as if training had seen 1.
    layer.setWeights(layer.getWeights().map((w) => (w.rank === 0 ? w : tf.ones(w.shape))));
  }
  noisy.compile({ optimizer: 'sgd', loss });
  return noisy;
}
const kinds = {
  probabilities: { activation: 'softmax' },
  logits: {
    activation: 'linear',
    loss: ((a: tf.Tensor, b: tf.Tensor) => tf.losses.softmaxCrossEntropy(a, b)) as never,
  },
  sigmoidLogits: {
    activation: 'linear',
    units: 1,
    loss: ((a: tf.Tensor, b: tf.Tensor) => tf.losses.sigmoidCrossEntropy(a, b)) as never,
  },
  mean: { activation: 'linear', loss: 'meanSquaredError' as never },
} as const;

const numbers = (t: tf.Tensor | tf.Tensor[]) => Array.from([t].flat()[0].dataSync());
const average = (all: number[]) => all.reduce((a, b) => a + b, 0) / all.length;
/** Population variance. */
const spread = (all: number[]) => average(all.map((v) => (v - average(all)) ** 2));
const close = (found: number[], expected: number[], digits = 5) => {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, digits);
};
/** In plain numbers, the probabilities as which an output is averaged. */
const toAverage = (row: number[], kind: string) => {
  if (kind === 'sigmoidLogits') return row.map((z) => 1 / (1 + Math.exp(-z)));
  if (kind !== 'logits') return row;
  const total = row.reduce((sum, z) => sum + Math.exp(z), 0);
  return row.map((z) => Math.exp(z) / total);
};
const fromAverage = (row: number[], kind: string) =>
  kind === 'logits'
    ? row.map(Math.log)
    : kind === 'sigmoidLogits'
      ? row.map((p) => Math.log(p / (1 - p)))
      : row;

describe.each(Object.entries(kinds))('%s', (kind, options) => {
  const samples = 6;

  test('mean, between and within agree with plain arithmetic on the members’ predictions', () => {
    const members = [0, 1, 2].map((seed) => member(seed, options));
    const ensemble = new Ensemble(members);
    expect(ensemble.averaging).toEqual([kind]);
    const { mean, variance, between, within } = ensemble.predict(x, { samples, seed: 7 });
    const own = members.map((one, m) => predict(one, x, { samples, seed: deriveSeed(7, m) }));
    const width = mean.shape[1] as number;
    const rows = (t: tf.Tensor) => tf.reshape(t, [-1, width]).arraySync() as number[][];
    const averaged = own.map((one) => rows(one.mean).map((row) => toAverage(row, kind)));
    const cells = (f: (all: number[], i: number, c: number) => number) =>
      averaged[0].map((row, i) =>
        row.map((_, c) =>
          f(
            averaged.map((each) => each[i][c]),
            i,
            c,
          ),
        ),
      );
    close(
      numbers(mean),
      cells(average).flatMap((row) => fromAverage(row, kind)),
    );
    close(numbers(between), cells((all) => (spread(all) * M) / (M - 1)).flat());
    const variances = own.map((one) => rows(one.variance));
    const inside = cells((_, i, c) => average(variances.map((each) => each[i][c]))).flat();
    close(numbers(within), inside);
    expect(Math.min(...inside)).toBeGreaterThan(0);
    close(
      numbers(variance),
      numbers(between).map((b, i) => b + numbers(within)[i]),
    );
  });

  test('the law of total variance: within and between make up the variance of all draws of all members', () => {
    const members = [0, 1, 2].map((seed) => member(seed, options));
    const { between, within } = new Ensemble(members).predict(x, { samples, seed: 3 });
    const draws = members.flatMap((one, m) =>
      Array.from({ length: samples }, (_, k) =>
        withNoise(new NoiseStream(deriveSeed(deriveSeed(3, m), k), 0, 0), () =>
          (tf.reshape(one.apply(x) as tf.Tensor, [5, -1]).arraySync() as number[][]).flatMap((row) =>
            toAverage(row, kind),
          ),
        ),
      ),
    );
    const total = draws[0].map((_, i) => spread(draws.map((draw) => draw[i])));
    // Population variances: theirs have n instead of n − 1.
    const [a, b] = [(samples - 1) / samples, (M - 1) / M];
    close(
      numbers(within).map((w, i) => a * w + b * numbers(between)[i]),
      total,
    );
  });

  test('toInferenceModel is one stock model that averages the members', async () => {
    const members = [0, 1, 2].map((seed) => member(seed, options));
    const inference = toInferenceModel(new Ensemble(members), { samples: 2, seed: 5 });
    const rows = members.map((one, m) => {
      const alone = toInferenceModel(one, { samples: 2, seed: deriveSeed(5, m) }).predict(x) as tf.Tensor;
      return (tf.reshape(alone, [5, -1]).arraySync() as number[][]).map((row) => toAverage(row, kind));
    });
    const expected = rows[0].flatMap((row, i) =>
      fromAverage(
        row.map((_, c) => average(rows.map((each) => each[i][c]))),
        kind,
      ),
    );
    close(numbers(inference.predict(x) as tf.Tensor), expected, 4);
    const loaded = await reloaded(inference);
    expect(loaded.layers.every((layer) => !/LearnableNoise/.test(layer.getClassName()))).toBe(true);
    expect(numbers(loaded.predict(x) as tf.Tensor)).toEqual(numbers(inference.predict(x) as tf.Tensor));
  });
});

/** Saves in memory, with the JSON that a file would have. */
async function reloaded(model: tf.LayersModel): Promise<tf.LayersModel> {
  const { handler, saved } = memory();
  await model.save(handler);
  return await tf.loadLayersModel(tf.io.fromMemory(saved()));
}
function memory() {
  let artifacts: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler(async (one) => {
    artifacts = one;
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(one) };
  });
  const saved = () => {
    const { weightData, ...rest } = artifacts as tf.io.ModelArtifacts;
    return { ...JSON.parse(JSON.stringify(rest)), weightData } as tf.io.ModelArtifacts;
  };
  return { handler, saved };
}

test.each([
  ['logits', kinds.logits],
  ['probabilities', kinds.probabilities],
] as const)(
  'an ensemble of %s is saved and loaded as a whole, with its averaging, and predicts the same to the bit',
  async (kind, options) => {
    const ensemble = new Ensemble([0, 1, 2].map((seed) => member(seed, options)));
    const { handler, saved } = memory();
    await ensemble.save(handler);
    const names = saved().weightSpecs!.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    // Loaders give the weights in one piece or in shards.
    const { weightData, ...rest } = saved();
    const whole = weightData as ArrayBuffer;
    for (const data of [whole, [whole.slice(0, 10), whole.slice(10)]]) {
      const before = tf.memory().numTensors;
      const loaded = await loadEnsemble(
        tf.io.fromMemory({ ...rest, weightData: data } as tf.io.ModelArtifacts),
      );
      expect(loaded.averaging).toEqual([kind]);
      const [a, b] = [ensemble, loaded].map((one) => one.predict(x, { samples: 3, seed: 2 }));
      for (const what of ['mean', 'variance', 'between', 'within'] as const) {
        expect(numbers(b[what])).toEqual(numbers(a[what]));
      }
      tf.dispose([{ ...a }, { ...b }]);
      loaded.dispose();
      expect(tf.memory().numTensors).toBe(before);
    }
  },
);

test('files that are not an ensemble, or are incomplete, are not loaded', async () => {
  const single = memory();
  await member(0).save(single.handler);
  const from = (artifacts: tf.io.ModelArtifacts) => loadEnsemble(tf.io.fromMemory(artifacts));
  await expect(from(single.saved())).rejects.toThrow('does not contain an ensemble');
  const { handler, saved } = memory();
  const ensemble = new Ensemble([member(0), member(1)]);
  await ensemble.save(handler);
  const weightData = (saved().weightData as ArrayBuffer).slice(0, 40);
  await expect(from({ ...saved(), weightData })).rejects.toThrow(
    'has 40 bytes of weights, but its members need',
  );
  await expect(ensemble.save('nowhere://a')).rejects.toThrow('no imported package can save there');
});

test('members of several outputs and inputs, by name; members without noise have no variance within', () => {
  const build = (seed: number) => {
    const init = (i: number) => tf.initializers.randomNormal({ seed: 10 * seed + i });
    const [a, b] = ['a', 'b'].map((name) => tf.input({ shape: [2], name: `${name}` }));
    const both = tf.layers.concatenate().apply([a, b]) as tf.SymbolicTensor;
    const outputs = [
      tf.layers
        .dense({ units: 3, activation: 'softmax', name: 'class', kernelInitializer: init(1) })
        .apply(both),
      tf.layers.dense({ units: 1, name: 'size', kernelInitializer: init(2) }).apply(both),
    ] as tf.SymbolicTensor[];
    return tf.model({ inputs: [a, b], outputs });
  };
  const members = [0, 1].map(build);
  const inputs = { a: x.slice([0, 0], [5, 2]), b: x.slice([0, 1], [5, 2]) };
  const before = tf.memory().numTensors;
  const ensemble = new Ensemble(members);
  expect(ensemble.averaging).toEqual(['probabilities', 'mean']);
  const predictions = [ensemble.predict(inputs)].flat();
  expect(predictions.map(({ mean }) => mean.shape)).toEqual([
    [5, 3],
    [5, 1],
  ]);
  const own = members.map((one) => one.predict([inputs.a, inputs.b]) as tf.Tensor[]);
  for (const [i, { mean, between, within }] of predictions.entries()) {
    const [p, q] = own.map((each) => numbers(each[i]));
    close(
      numbers(mean),
      p.map((v, k) => (v + q[k]) / 2),
    );
    // (p − m)² + (q − m)² with m in the middle.
    close(
      numbers(between),
      p.map((v, k) => (v - q[k]) ** 2 / 2),
    );
    expect(numbers(within).every((v) => v === 0)).toBe(true);
  }
  tf.dispose([...predictions.map((one) => ({ ...one })), ...own.flat()]);
  expect(tf.memory().numTensors).toBe(before);
  const [inference] = toInferenceModel(ensemble).predict([inputs.a, inputs.b]) as tf.Tensor[];
  close(numbers(inference), numbers([ensemble.predict(inputs)].flat()[0].mean));
});

test('a class whose probability is 0 in float32 in every member has a finite logit', () => {
  const build = (gap: number) => {
    const model = tf.sequential({
      layers: [tf.layers.dense({ units: 2, inputShape: [1], kernelInitializer: 'zeros' })],
    });
    model.layers[0].setWeights([tf.zeros([1, 2]), tf.tensor1d([gap, 0])]);
    return model;
  };
  const { mean } = new Ensemble([build(200), build(300)], { averaging: 'logits' }).predict(tf.zeros([1, 1]));
  // log((e^−200 + e^−300)/2).
  close(numbers(mean), [0, -200 - Math.log(2)], 4);
});

test.each([
  ['logits', kinds.logits],
  ['probabilities', kinds.probabilities],
] as const)(
  'temperature scaling of %s of an ensemble finds the best of a grid, in plain arithmetic',
  async (kind, options) => {
    const ensemble = new Ensemble([0, 1, 2].map((seed) => member(seed, options)));
    const many = tf.randomNormal([200, 3], 0, 1, 'float32', 9) as tf.Tensor2D;
    const labels = many.arraySync().map(([a, b]) => (a + b > 0 ? 1 : 0));
    const { mean } = ensemble.predict(many, { samples: 4, batchSize: 200 });
    const logits = kind === 'logits' ? await mean.data() : logitsOf(await mean.data(), 2);
    const { temperature } = temperatureScaling(logits, labels);
    const p = mean.arraySync() as number[][];
    // log softmax(log p / T) of the label: the same from logits and from probabilities.
    const loss = (T: number) =>
      average(
        p.map((row, i) => {
          const [a, b] = row.map((v) => (kind === 'logits' ? v : Math.log(v)) / T);
          return Math.log(1 + Math.exp(labels[i] === 0 ? b - a : a - b));
        }),
      );
    const grid = Array.from({ length: 4000 }, (_, i) => 0.01 * 1.003 ** i);
    const best = grid.reduce((least, T) => (loss(T) < loss(least) ? T : least));
    expect(Math.abs(Math.log(temperature / best))).toBeLessThan(0.003);
  },
);

test('models that do not make an ensemble are refused', () => {
  const [a, b] = [member(0), member(1)];
  expect(() => new Ensemble([a])).toThrow('members: must be a list of two models or more');
  expect(() => new Ensemble([a, b, a])).toThrow('twice, at positions 0 and 2');
  expect(() => new Ensemble([a, member(1, { units: 3 })])).toThrow(
    'members: has outputs of shape [any,2] in member 0, but [any,3] in member 1',
  );
  expect(() => new Ensemble([a, member(1, kinds.mean)])).toThrow(
    'averaging: is "mean" for member 1, but "probabilities" for member 0',
  );
  expect(() => toInferenceModel(new Ensemble([a, b]), { averaging: 'mean' })).toThrow(
    'averaging: is given, but the ensemble determines it',
  );
  expect(() => new Ensemble([a, b]).predict(x, { sample: 3 } as never)).toThrow('Did you mean samples?');
});
