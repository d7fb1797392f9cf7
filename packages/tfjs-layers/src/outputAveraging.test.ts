import { NoiseStream, withNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { injectNoise } from './injectNoise';
import { predict } from './predict';
import { toInferenceModel } from './toInferenceModel';

beforeAll(() => tf.setBackend('cpu'));

type Loss = string | ((y: tf.Tensor, z: tf.Tensor) => tf.Tensor);
const softmaxLoss = (y: tf.Tensor, z: tf.Tensor) => tf.losses.softmaxCrossEntropy(y, z);
const sigmoidLoss = (y: tf.Tensor, z: tf.Tensor) => tf.losses.sigmoidCrossEntropy(y, z);
const smoothed = (y: tf.Tensor, z: tf.Tensor) => tf.losses.softmaxCrossEntropy(y, z, 1, 0.1);
const hinge = (y: tf.Tensor, z: tf.Tensor) => {
  // Crammer and Singer's loss, which ignores a shift of all scores as a softmax does.
  const right = tf.sum(tf.mul(y, z), -1);
  const wrong = tf.max(tf.sub(z, tf.mul(y, 1e6)), -1);
  return tf.relu(tf.add(tf.sub(wrong, right), 1));
};

/** A head for each pair of activation and loss, on one noisy trunk. */
function network(heads: { units: number; activation?: string; loss: Loss }[]) {
  const init = (seed: number) => tf.initializers.glorotNormal({ seed });
  const x = tf.input({ shape: [3] });
  const hidden = tf.layers
    .dense({ units: 8, activation: 'relu', kernelInitializer: init(1), name: 'trunk' })
    .apply(x);
  const outputs = heads.map(({ units, activation }, i) => {
    const options = {
      units,
      activation: activation as never,
      name: `head${i}`,
      kernelInitializer: init(i + 2),
    };
    return tf.layers.dense(options).apply(hidden) as tf.SymbolicTensor;
  });
  const noisy = injectNoise(tf.model({ inputs: x, outputs }));
  const loss = heads.map((head) => head.loss) as never;
  noisy.compile({ optimizer: tf.train.sgd(0.01), loss });
  return noisy;
}
const x = tf.randomNormal([12, 3], 0, 1, 'float32', 1);
const oneHot = (classes: number) =>
  tf.oneHot(
    tf.tensor1d(
      Array.from({ length: 12 }, (_, i) => i % classes),
      'int32',
    ),
    classes,
  );
const targets = (model: tf.LayersModel) =>
  model.outputs.map(({ shape }) => {
    const units = shape[1] as number;
    return units > 1 ? oneHot(units) : tf.cast(tf.slice(oneHot(2), [0, 0], [12, 1]), 'float32');
  });
const still = () => ({ step: () => {}, iterations: 0, slots: [], dispose() {} });

/** One ρ step that moves nothing. */
async function prepared(model: tf.LayersModel, options: object = {}) {
  const cross = crossRegularization({
    ...{
      regularizationData: [x, targets(model)],
      every: 1,
      samples: 3,
      estimator: 'average',
      batchSize: 12,
      optimizer: still,
    },
    ...options,
  });
  cross.setModel(model);
  await cross.onTrainBegin();
  await cross.onBatchEnd(0);
  await cross.onEpochEnd(0);
  return cross;
}

test.each([
  ['softmax', 'categoricalCrossentropy', 3, 'probabilities'],
  ['sigmoid', 'binaryCrossentropy', 1, 'probabilities'],
  [undefined, softmaxLoss, 3, 'logits'],
  [undefined, tf.losses.softmaxCrossEntropy as Loss, 3, 'logits'],
  [undefined, smoothed, 3, 'logits'],
  [undefined, sigmoidLoss, 1, 'sigmoidLogits'],
  [undefined, sigmoidLoss, 3, 'sigmoidLogits'],
  [undefined, 'meanSquaredError', 3, 'mean'],
  [undefined, (y: tf.Tensor, z: tf.Tensor) => tf.losses.huberLoss(y, z), 2, 'mean'],
  [undefined, hinge, 3, 'mean'],
  // A stock cross-entropy takes probabilities, whatever makes them.
  ['softplus', 'binaryCrossentropy', 1, 'probabilities'],
  ['logSoftmax', (y: tf.Tensor, z: tf.Tensor) => tf.neg(tf.sum(tf.mul(y, z), -1)), 3, 'logits'],
] as [string | undefined, Loss, number, string][])(
  'the averaging is inferred: %s before %o with %i units',
  async (activation, loss, units, expected) => {
    const model = network([{ units, activation, loss }]);
    const cross = await prepared(model);
    expect(cross.averaging).toEqual({ head0: expected });
    expect(cross.history.loss.every(Number.isFinite)).toBe(true);
  },
);

const softmax = (z: number[]) => {
  const e = z.map((v) => Math.exp(v));
  const sum = e.reduce((a, b) => a + b);
  return e.map((v) => v / sum);
};
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

describe('outputs of several kinds in one model: each has its kind of average', () => {
  const make = () =>
    network([
      { units: 3, loss: softmaxLoss },
      { units: 2, loss: sigmoidLoss },
      { units: 1, loss: 'meanSquaredError' },
    ]);

  test('the ρ loss equals that of probabilities averaged by hand over the same noise', async () => {
    const model = make();
    const cross = await prepared(model);
    expect(cross.averaging).toEqual({ head0: 'logits', head1: 'sigmoidLogits', head2: 'mean' });
    // The draws of the step: seed 0, stream 1, step 0, all three in one pass, and the batch in the order of round 0.
    const { deriveSeed, permutation } = await import('@crossreg/core');
    const order = [...permutation(12, deriveSeed(deriveSeed(0, 2), 0))];
    const at = tf.tensor1d(order, 'int32');
    const inputs = tf.concat(new Array<tf.Tensor>(3).fill(tf.gather(x, at)));
    const stream = new NoiseStream(deriveSeed(0, 1, 0));
    const draws = withNoise(stream, () => model.apply(inputs, { training: false }) as tf.Tensor[]).map(
      (z) => z.arraySync() as number[][],
    );
    const [soft, sig, mse] = targets(model).map((y) => tf.gather(y, at).arraySync() as number[][]);
    const mean = (f: (k: number) => number) => (f(0) + f(1) + f(2)) / 3;
    let expected = 0;
    for (let b = 0; b < 12; b++) {
      const p = mean((k) => softmax(draws[0][k * 12 + b])[soft[b].indexOf(1)]);
      expected -= Math.log(p) / 12;
      for (const u of [0, 1]) {
        const q = mean((k) => sigmoid(draws[1][k * 12 + b][u]));
        expected -= Math.log(sig[b][u] === 1 ? q : 1 - q) / 24;
      }
      expected += (mean((k) => draws[2][k * 12 + b][0]) - mse[b][0]) ** 2 / 12;
    }
    expect(cross.history.loss[0]).toBeCloseTo(expected, 4);
  });

  test('predict averages the same way, with variances that are not 0', async () => {
    const model = make();
    await prepared(model);
    const single = (seed: number) => {
      const out = predict(model, x, { samples: 1, seed }) as unknown as { mean: tf.Tensor }[];
      return out.map(({ mean }) => mean.arraySync() as number[][]);
    };
    const many = predict(model, x, { samples: 400, seed: 5 }) as unknown as {
      mean: tf.Tensor;
      variance: tf.Tensor;
    }[];
    const singles = Array.from({ length: 400 }, (_, i) => single(1000 + i));
    const p = singles.reduce((sum, [z]) => sum + softmax(z[0])[0], 0) / 400;
    const q = singles.reduce((sum, [, z]) => sum + sigmoid(z[0][0]), 0) / 400;
    expect(softmax((many[0].mean.arraySync() as number[][])[0])[0]).toBeCloseTo(p, 1);
    expect(sigmoid((many[1].mean.arraySync() as number[][])[0][0])).toBeCloseTo(q, 1);
    for (const { variance } of many) expect(Math.min(...variance.dataSync())).toBeGreaterThan(0);
  });

  test('toInferenceModel averages probabilities: its logits are the log of the mean over its own draws', async () => {
    const model = make();
    await prepared(model);
    const inference = toInferenceModel(model, { samples: 3, seed: 4 });
    // Each draw of an inference model is a path; with averaging 'mean', they are averaged as they are.
    const path = (k: number) => {
      const names = [`head0_inference_${k}_log`];
      const tensor = inference.getLayer(names[0]).input as tf.SymbolicTensor;
      return (
        tf.model({ inputs: inference.inputs, outputs: tensor }).predict(x) as tf.Tensor
      ).arraySync() as number[][];
    };
    const draws = [path(0), path(1), path(2)];
    const logits = (inference.predict(x) as tf.Tensor[]).map((z) => z.arraySync() as number[][]);
    logits[0].forEach((row, b) => {
      row.forEach((z, c) => {
        const p = draws.reduce((sum, draw) => sum + softmax(draw[b])[c], 0) / 3;
        expect(z).toBeCloseTo(Math.log(p), 4);
      });
    });
    // The sigmoid head: its halves are [z/2, −z/2].
    const halves = (k: number) => {
      const tensor = inference.getLayer(`head1_inference_${k}_log`).input as tf.SymbolicTensor;
      return (
        tf.model({ inputs: inference.inputs, outputs: tensor }).predict(x) as tf.Tensor
      ).arraySync() as number[][][];
    };
    const pairs = [halves(0), halves(1), halves(2)];
    logits[1].forEach((row, b) => {
      row.forEach((z, u) => {
        const q = pairs.reduce((sum, draw) => sum + sigmoid(2 * draw[b][u][0]), 0) / 3;
        expect(z).toBeCloseTo(Math.log(q / (1 - q)), 4);
      });
    });
  });

  test('the averaging of the training is saved with the model', async () => {
    const model = network([{ units: 3, loss: softmaxLoss }]);
    await prepared(model);
    let kept: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        kept = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(kept as tf.io.ModelArtifacts));
    const [a, b] = [model, loaded].map((one) => predict(one, x, { samples: 4 }).mean.dataSync());
    expect([...b]).toEqual([...a]);
    // Log-probabilities sum to 1, which a mean of logits does not.
    expect(Math.exp(b[0]) + Math.exp(b[1]) + Math.exp(b[2])).toBeCloseTo(1, 5);
  });
});

test('a kind of averaging that contradicts the output is refused before the first step, with the output’s name', async () => {
  const refused = (model: tf.LayersModel, averaging: unknown) =>
    prepared(model, { averaging }).then(
      () => 'accepted',
      (error: Error) => error.message,
    );
  const regression = network([{ units: 1, loss: 'meanSquaredError' }]);
  expect(await refused(regression, 'logits')).toContain("averaging: is 'logits' for an output of one unit");
  expect(await refused(regression, 'sigmoidLogits')).toContain('whose loss meanSquaredError takes no logits');
  expect(await refused(regression, { heads: 'mean' })).toContain(
    'averaging: has an entry for "heads", but the model\'s outputs are "head0"',
  );
  const logits = network([{ units: 3, loss: softmaxLoss }]);
  expect(await refused(logits, 'probabilities')).toContain('whose loss takes the logits of a softmax');
  expect(await refused(logits, { head0: 'sigmoidLogits' })).toContain('averaging.head0: is "sigmoidLogits"');
  expect(await refused(logits, 'mean')).toBe('accepted');
  const classifier = network([{ units: 3, activation: 'softmax', loss: 'categoricalCrossentropy' }]);
  expect(await refused(classifier, 'logits')).toContain('ends in a softmax and so does not give logits');
  expect(() => crossRegularization({ regularizationData: [x, x], averaging: 'median' as never })).toThrow(
    "averaging: must be 'probabilities'",
  );
});
