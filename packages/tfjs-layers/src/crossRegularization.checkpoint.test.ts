import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adam } from '@crossreg/core';
import { seedNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CrossRegularization, crossRegularization } from './crossRegularization';
import { groupLasso, l2, type Norm } from './norms';

beforeAll(() => tf.setBackend('cpu'));
const root = mkdtempSync(join(tmpdir(), 'crossreg-checkpoint-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;
const newFolder = () => join(root, `${folders++}`);

const x = tf.randomNormal([42, 4], 0, 1, 'float32', 1);
const y = tf.sum(x, 1);

function network() {
  const init = (seed: number) => tf.initializers.glorotNormal({ seed });
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 5, inputShape: [4], activation: 'relu', kernelInitializer: init(1) }),
      tf.layers.dense({ units: 1, kernelInitializer: init(2) }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError', metrics: ['mae'] });
  return model;
}
const options = { every: 2, samples: 2, batchSize: 5, noise: true };
const bits = (model: tf.LayersModel) =>
  model.weights.map((w) => [...new Uint8Array(new Float32Array(w.read().dataSync()).buffer)]);
const outcome = (cross: CrossRegularization) => ({
  weights: bits(cross.toModel()),
  history: Object.values(cross.history.rho),
  steps: cross.history.step,
});
const layerOf = (units: number) => (layer: tf.layers.Layer) => layer.outputShape[1] === units;
/** A history whose σ does not have the name of the layer, which counts the layers made before. */
const unnamed = (history: object) =>
  Object.fromEntries(Object.entries(history).map(([key, one]) => [key.endsWith('_noise') ? 'σ' : key, one]));
/** Throws in the middle of an epoch. */
const breakAt = (epoch: number) => {
  let now = 0;
  return new tf.CustomCallback({
    onEpochBegin: async (e) => {
      now = e;
    },
    onBatchEnd: async (batch) => {
      if (now === epoch && batch === 2) throw new Error('broken off');
    },
  });
};

test.each([
  ['held-out tensors', { regularizationData: [x.slice(0, 12), y.slice(0, 12).expandDims(1)] as never }],
  ['{ split }', { regularizationData: { split: 0.25 } }],
  [
    'a shuffled data set',
    {
      get regularizationData() {
        const xs = tf.data.array(x.slice(0, 12).arraySync() as number[][]);
        const ys = tf.data.array(y.slice(0, 12).expandDims(1).arraySync() as number[][]);
        return tf.data.zip({ xs, ys }).shuffle(12, '5').batch(5) as never;
      },
    },
  ],
])('%s: fit goes on at the epoch that was saved, and its history is that of all epochs', async (_, data) => {
  const fit = (folder: string, epochs: number, callbacks: tf.CustomCallback[] = []) => {
    seedNoise(3);
    const model = network();
    const cross = crossRegularization({ ...options, ...data, checkpoint: folder });
    const args = { epochs, batchSize: 8, validationSplit: 0.2, verbose: 0 as const, callbacks };
    return { cross, result: cross.fit(model, x, y, args) };
  };
  const straight = fit(newFolder(), 6);
  const { epoch, history } = await straight.result;
  expect(epoch).toEqual([0, 1, 2, 3, 4, 5]);
  expect(Object.keys(unnamed(history)).sort()).toEqual(
    ['loss', 'mae', 'val_loss', 'val_mae', 'regularization_loss', 'σ'].sort(),
  );

  const folder = newFolder();
  for (const at of [1, 4]) await expect(fit(folder, 6, [breakAt(at)]).result).rejects.toThrow('broken off');
  const resumed = fit(folder, 6);
  const result = await resumed.result;
  expect([result.epoch, unnamed(result.history)]).toEqual([epoch, unnamed(history)]);
  expect(outcome(resumed.cross)).toEqual(outcome(straight.cross));

  // Again, with nothing left to do; then with more epochs.
  const again = fit(folder, 6);
  expect(unnamed((await again.result).history)).toEqual(unnamed(history));
  expect(outcome(again.cross)).toEqual(outcome(straight.cross));
  expect((await fit(folder, 8).result).epoch).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('a run that early stopping has ended is over: started again it trained on', async () => {
  const folder = newFolder();
  const fit = async (epochs: number) => {
    const cross = crossRegularization({
      ...options,
      regularizationData: { split: 0.25 },
      checkpoint: folder,
    });
    // No loss is lower by so much, so training ends when the patience is over.
    const stop = tf.callbacks.earlyStopping({ monitor: 'loss', minDelta: 1e6, patience: 1 });
    const model = network();
    const args = { epochs, batchSize: 8, verbose: 0 as const, callbacks: stop as never };
    const { epoch } = await cross.fit(model, x, y, args);
    return { cross, model, args, epoch, outcome: outcome(cross) };
  };
  const first = await fit(6);
  expect(first.epoch).toEqual([0, 1]);
  const again = await fit(6);
  expect(again.epoch).toEqual(first.epoch);
  expect(again.outcome).toEqual(first.outcome);
  // Another call of the same program trains on, and so does a program that asks for more.
  expect((await again.cross.fit(again.model, x, y, again.args)).epoch).toEqual([0, 1, 2, 3]);
  expect((await fit(8)).epoch).toEqual([0, 1, 2, 3, 4, 5]);
});

test('fit without a checkpoint repeats for the same seed, and not for another', async () => {
  const run = async (seed: number, shuffle = true) => {
    seedNoise(3);
    const model = network();
    const cross = crossRegularization({
      ...options,
      seed,
      noise: false,
      regularizationData: { split: 0.25 },
      regularizers: [l2()],
    });
    const order: number[] = [];
    await cross.fit(model, x, y, {
      epochs: 2,
      batchSize: 8,
      shuffle,
      verbose: 0,
      callbacks: new tf.CustomCallback({ onBatchEnd: async (_, logs) => void order.push(logs!.loss) }),
    });
    return order;
  };
  const losses = await run(1);
  expect(losses).toHaveLength(8);
  expect(await run(1)).toEqual(losses);
  expect(await run(2)).not.toEqual(losses);
  expect(await run(1, false)).not.toEqual(losses);
});

test('fitDataset and own loops begin at the epoch that restore returns, and otherwise are refused', async () => {
  const folder = newFolder();
  const make = () => {
    const model = network();
    const regularizationData = [x, y.expandDims(1)] as [tf.Tensor, tf.Tensor];
    return { model, cross: crossRegularization({ ...options, regularizationData, checkpoint: folder }) };
  };
  const dataset = tf.data.array([0, 1, 2]).map(() => ({ xs: x.clone(), ys: y.expandDims(1) })) as never;
  const first = make();
  await first.model.fitDataset(dataset, { epochs: 2, callbacks: first.cross as never, verbose: 0 });

  const second = make();
  const args = { epochs: 3, callbacks: second.cross as never, verbose: 0 as const };
  await expect(second.model.fitDataset(dataset, args)).rejects.toThrow(
    'is at the end of epoch 2, but training started at epoch 0',
  );
  const third = make();
  const { epoch, step } = await third.cross.restore(third.model);
  expect([epoch, step]).toEqual([2, 6]);
  await third.model.fitDataset(dataset, {
    epochs: 3,
    initialEpoch: epoch,
    callbacks: third.cross as never,
    verbose: 0,
  });
  const batch = [tf.neg(x), tf.neg(y)] as const;
  await third.cross.trainOnBatch(third.model, ...batch);
  await third.cross.save({ best: 0.5 });

  const fourth = make();
  await expect(fourth.cross.trainOnBatch(fourth.model, ...batch)).rejects.toThrow('Call await cross.restore');
  expect(await fourth.cross.restore(fourth.model)).toEqual({ epoch: 3, step: 10, data: { best: 0.5 } });
  const none = crossRegularization({ regularizationData: [x, y], noise: true });
  await expect(none.restore(fourth.model)).rejects.toThrow(
    'checkpoint: is missing. Give crossRegularization',
  );
});

test('different training data, batches or order are refused', async () => {
  const folder = newFolder();
  const regularizationData = [x, y.expandDims(1)] as [tf.Tensor, tf.Tensor];
  const fit = (examples: number, args: object) => {
    const cross = crossRegularization({ ...options, regularizationData, checkpoint: folder });
    const [some, targets] = [x.slice(0, examples), y.slice(0, examples)];
    return cross
      .fit(network(), some, targets, { epochs: 1, batchSize: 8, verbose: 0, ...args })
      .then(String, String);
  };
  expect(await fit(30, {})).not.toContain('Error');
  expect(await fit(31, { epochs: 2 })).toContain('x: is 31, but was 30 when the checkpoint was saved');
  expect(await fit(30, { epochs: 2, batchSize: 7 })).toContain('batchSize: is 7, but was 8');
  expect(await fit(30, { epochs: 2, shuffle: false })).toContain('shuffle: is false, but was true');
  expect(await fit(30, { epochs: 0 })).toContain('args.epochs: must be an integer of at least 1');
  expect(await fit(30, { sampleWeight: x })).toContain('has sampleWeight');
});

describe('a different run is refused, and the error names the difference', () => {
  const regularizationData = [x.neg(), y.expandDims(1)] as [tf.Tensor, tf.Tensor];
  interface Run {
    model?: () => tf.LayersModel;
    x?: tf.Tensor;
    y?: tf.Tensor;
    args?: object;
    cross?: object;
  }
  const fit = (folder: string, { model = network, args, cross, ...data }: Run) =>
    crossRegularization({ ...options, regularizationData, ...cross, checkpoint: folder })
      .fit(model(), data.x ?? x, data.y ?? y, { epochs: 1, batchSize: 8, verbose: 0, ...args })
      .then(() => 'accepted', String);
  const oneRow = (at: number) => {
    const values = x.arraySync() as number[][];
    values[at][2] += 1e-3;
    return tf.tensor2d(values);
  };
  const rate = (step: number) => 0.01 / (1 + step);
  const batches = (scale: number, targets = 1) =>
    tf.data.array([0, 1]).map((i) => ({
      xs: x.slice(12 * (i as unknown as number), 12).mul(scale),
      ys: y
        .slice(12 * (i as unknown as number), 12)
        .expandDims(1)
        .mul(targets),
    }));
  const regularizers = (norm: Norm) => ({ cross: { regularizers: [norm] } });

  test.each<[string, Run, Run, string]>([
    ['x · (−3)', {}, { x: x.mul(-3) }, 'x: has changed since the checkpoint was saved: x[0].examples is'],
    ['y · 10', {}, { y: y.mul(10) }, 'y: has changed since the checkpoint was saved: y[0].examples is'],
    ['one number of one example', {}, { x: oneRow(17) }, 'x[0].examples is'],
    ['numbers of equal size elsewhere', {}, { x: tf.reverse(x, 0) }, 'x[0].examples is'],
    [
      'regularization data',
      {},
      { cross: { regularizationData: [x.neg(), y.expandDims(1).mul(2)] } },
      'cross.regularizationData.y[0].examples is',
    ],
    ['validationSplit', {}, { args: { validationSplit: 0.25 } }, 'validationSplit: is 0.25, but was 0 when'],
    [
      'a bijector of the noise',
      { cross: { noise: { bijector: 'exp' } } },
      { cross: { noise: { bijector: 'softplus' } } },
      'cross.noise[0].bijector is "exp" there and "softplus" here',
    ],
    [
      'a data set that yields other numbers',
      { cross: { regularizationData: batches(1) } },
      { cross: { regularizationData: batches(-3) } },
      'A data set must yield the same batches in every process: give its shuffle a seed.',
    ],
    [
      'a data set that yields other targets',
      { cross: { regularizationData: batches(1) } },
      { cross: { regularizationData: batches(1, 10) } },
      'cross.regularizationData.firstBatch.y[0].examples is',
    ],
    [
      'the start of the noise',
      {},
      { cross: { noise: { initialSigma: 0.5 } } },
      'cross.noise[0].initialSigma is 0.15 there and 0.5 here',
    ],
    [
      'layers of a norm',
      regularizers(l2()),
      regularizers(l2({ layers: (layer) => layer.outputShape[1] === 1 })),
      'cross.regularizers[0].groups[0][0] is "0/kernel" there and "1/kernel" here',
    ],
    [
      'biases of a norm',
      regularizers(l2()),
      regularizers(l2({ biases: true })),
      'cross.regularizers[0].biases is false there and true here',
    ],
    [
      'the blocks of a norm',
      regularizers(groupLasso({ layers: layerOf(5) })),
      regularizers(groupLasso({ layers: layerOf(5), axis: 'units' })),
      'cross.regularizers[0].blocks is "inputs" there and "units" here',
    ],
    [
      "ρ's optimizer",
      { cross: { optimizer: adam({ learningRate: 0.01 }) } },
      { cross: { optimizer: adam({ learningRate: 0.02 }) } },
      'cross.optimizer.learningRate is 0.01 there and 0.02 here',
    ],
    [
      'a schedule, a function',
      { cross: { learningRate: rate } },
      { cross: { learningRate: (step: number) => 0.02 / (1 + step) } },
      '/ (1 + step)" there and "(step) => ',
    ],
  ])('%s', async (_, first, other, message) => {
    const folder = newFolder();
    expect(await fit(folder, first)).toBe('accepted');
    expect(await fit(folder, other)).toContain(message);
    // The same run again, or longer, is not a different run.
    expect(await fit(folder, { ...first, args: { ...first.args, epochs: 2 } })).toBe('accepted');
  });

  test('a loss that is a function is compared by its text', async () => {
    const compile = (loss: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) => () => {
      const model = network();
      model.compile({ optimizer: tf.train.adam(0.01), loss });
      return model;
    };
    const folder = newFolder();
    expect(await fit(folder, { model: compile((a, b) => tf.mean(tf.abs(tf.sub(a, b)), -1)) })).toBe(
      'accepted',
    );
    const other = compile((a, b) => tf.mean(tf.square(tf.sub(a, b)), -1));
    expect(await fit(folder, { model: other })).toContain('run.models[0].loss is "(a, b) =>');
  });
});
