import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { fitInOrder, fitPlan } from './fitInOrder';

beforeAll(() => tf.setBackend('cpu'));

function model() {
  const made = tf.sequential({
    layers: [
      tf.layers.dense({
        units: 1,
        inputShape: [2],
        kernelInitializer: tf.initializers.glorotNormal({ seed: 3 }),
      }),
    ],
  });
  made.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
  return made;
}
const x = () => tf.randomNormal([11, 2], 0, 1, 'float32', 1);
const y = () => tf.randomNormal([11, 1], 0, 1, 'float32', 2);
const weights = (one: tf.LayersModel) => one.getWeights().flatMap((w) => [...w.dataSync()]);
const all = Array.from({ length: 11 }, (_, i) => i);
const silent = new tf.CustomCallback({}) as unknown as tf.Callback;
const start = { initialEpoch: 0, seed: 5, examples: all };

/** Fits a new model, and returns it with its history. */
async function fit(args: tf.ModelFitArgs, options: Partial<typeof start> = {}) {
  const fitted = model();
  let epoch = 0;
  const history = await fitInOrder(fitted, fitPlan(fitted, x(), y(), args), {
    ...start,
    callback: silent,
    epoch: () => epoch++,
    ...options,
  });
  return { fitted, history };
}

test('without shuffling it equals fit of TensorFlow.js, including the last small batch and the validation split', async () => {
  const args = { batchSize: 4, epochs: 3, shuffle: false, validationSplit: 0.2, verbose: 0 as const };
  const stock = model();
  const expected = await stock.fit(x(), y(), args);
  const { fitted, history } = await fit(args);
  weights(stock).forEach((v, i) => {
    expect(weights(fitted)[i]).toBeCloseTo(v, 6);
  });
  for (const key of ['loss', 'val_loss']) {
    expected.history[key].forEach((v, i) => {
      expect(history.history[key][i] as number).toBeCloseTo(v as number, 5);
    });
  }
  expect(history.epoch).toEqual([0, 1, 2]);
});

test('a seed repeats the order, which differs from epoch to epoch and from seed to seed', async () => {
  const args = { batchSize: 3, epochs: 2, verbose: 0 as const };
  const [one, again, other] = [await fit(args), await fit(args), await fit(args, { seed: 6 })];
  expect(weights(again.fitted)).toEqual(weights(one.fitted));
  expect(weights(other.fitted)).not.toEqual(weights(one.fitted));
});

test('an epoch trains once on every example that is not held out', async () => {
  const seen: number[][] = [];
  const examples = [0, 2, 4, 5, 9];
  const counted = model();
  const batch = tf.tensor2d(
    all.flatMap((i) => [i, 0]),
    [11, 2],
  );
  let epoch = 0;
  const trainFunction = counted.fitDataset.bind(counted);
  counted.fitDataset = async (dataset: any, args: any) => {
    const iterator = await dataset.iterator();
    for (let epoch = 0; epoch < 2; epoch++) {
      const epochRows: number[] = [];
      for (let i = 0; i < args.batchesPerEpoch; i++) {
        const { xs } = (await iterator.next()).value;
        epochRows.push(...(xs[0].arraySync() as number[][]).map(([row]) => row));
      }
      seen.push(epochRows);
    }
    return trainFunction(dataset, args);
  };
  await fitInOrder(counted, fitPlan(counted, batch, y(), { batchSize: 2, epochs: 1, verbose: 0 }), {
    ...start,
    examples,
    callback: silent,
    epoch: () => epoch++,
  });
  expect(seen.map((rows) => [...rows].sort((a, b) => a - b))).toEqual([examples, examples]);
  expect(seen[0]).not.toEqual(seen[1]);
});

test('the callback runs before those of the caller, and epochs are counted from the first one', async () => {
  const calls: string[] = [];
  const noting = (name: string) =>
    new tf.CustomCallback({ onEpochBegin: async (epoch) => void calls.push(`${name} ${epoch}`) });
  await fit({ epochs: 3, verbose: 0, callbacks: [noting('theirs')] }, {
    initialEpoch: 2,
    callback: noting('ours'),
  } as never);
  expect(calls).toEqual(['ours 2', 'theirs 2']);
});

test('nothing leaks', async () => {
  const one = model();
  const plan = fitPlan(one, x(), y(), { batchSize: 4, validationSplit: 0.3, verbose: 0 });
  const run = () => fitInOrder(one, plan, { ...start, callback: silent, epoch: () => 0 });
  await run();
  const before = tf.memory().numTensors;
  await run();
  expect(tf.memory().numTensors).toBe(before);
});

test('options that fit does not support are refused before it begins', () => {
  const plan = (args: object) => () => fitPlan(model(), x(), y(), args);
  expect(plan({ sampleWeight: tf.ones([11]) })).toThrow('args: has sampleWeight or stepsPerEpoch');
  expect(plan({ stepsPerEpoch: 3 })).toThrow('args: has sampleWeight or stepsPerEpoch');
  expect(plan({ batchSize: 0 })).toThrow('args.batchSize');
  expect(plan({ epochs: 1.5 })).toThrow('args.epochs');
  expect(() => fitPlan(model(), x(), tf.zeros([10, 1]), {})).toThrow('x, y');
});
