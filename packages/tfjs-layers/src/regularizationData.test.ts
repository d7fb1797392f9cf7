import * as tf from '@tensorflow/tfjs';
import * as data from '@tensorflow/tfjs-data';
import { beforeAll, expect, test } from 'vitest';
import { checkRegularizationData, isPart, regularizationBatches } from './regularizationData';

beforeAll(() => tf.setBackend('cpu'));

const model = (loss = 'meanSquaredError', units = 1) => {
  const made = tf.sequential({ layers: [tf.layers.dense({ units, inputShape: [2] })] });
  made.compile({ optimizer: 'sgd', loss });
  return made;
};
/** Example i is (i, −i) with the target 100 + i. */
const examples = (count: number): [tf.Tensor, tf.Tensor] => [
  tf.tensor2d(Array.from({ length: count }, (_, i) => [i, -i])),
  tf.tensor2d(Array.from({ length: count }, (_, i) => [100 + i])),
];
type Batches = Awaited<ReturnType<typeof regularizationBatches>>;
/** The examples of the next batch, each with its own target. */
async function rows(batches: Batches): Promise<number[]> {
  const { x, y } = await batches.next();
  const found = (x[0].arraySync() as number[][]).map(([i]) => i);
  expect((y[0].arraySync() as number[][]).map(([t]) => t - 100)).toEqual(found);
  tf.dispose([x, y]);
  return found;
}
const sorted = (numbers: number[]) => [...numbers].sort((a, b) => a - b);

test('from tensors: every example once per round, in a new order each time, without the incomplete batch', async () => {
  const batches = await regularizationBatches(examples(7), model(), { batchSize: 3, seed: 1 });
  const rounds = [];
  for (let round = 0; round < 3; round++) rounds.push([...(await rows(batches)), ...(await rows(batches))]);
  for (const round of rounds) expect(new Set(round).size).toBe(6);
  expect(rounds[1]).not.toEqual(rounds[0]);
  const again = await regularizationBatches(examples(7), model(), { batchSize: 3, seed: 1 });
  expect([...(await rows(again)), ...(await rows(again))]).toEqual(rounds[0]);
  const other = await regularizationBatches(examples(7), model(), { batchSize: 3, seed: 2 });
  expect([...(await rows(other)), ...(await rows(other))]).not.toEqual(rounds[0]);
});

test('fewer examples than a batch size are one batch', async () => {
  const batches = await regularizationBatches(examples(4), model(), { batchSize: 32, seed: 1 });
  expect(sorted(await rows(batches))).toEqual([0, 1, 2, 3]);
});

test('from a saved state it continues with the batches that would have come next', async () => {
  const options = { batchSize: 2, seed: 3 };
  const straight = await regularizationBatches(examples(6), model(), options);
  for (let i = 0; i < 5; i++) await rows(straight);
  const state = straight.state();
  expect(state).toEqual({ taken: 5, passes: 0 });
  const resumed = await regularizationBatches(examples(6), model(), options);
  await resumed.loadState(state);
  for (let i = 0; i < 4; i++) expect(await rows(resumed)).toEqual(await rows(straight));
});

const dataset = (count: number, size: number) => {
  const [x, y] = examples(count);
  return data
    .zip({ xs: data.array(x.arraySync() as number[][]), ys: data.array(y.arraySync() as number[][]) })
    .batch(size);
};

test('from a data set: its batches in order, then again from its start', async () => {
  const batches = await regularizationBatches(dataset(5, 2) as never, model(), { batchSize: 99, seed: 1 });
  const found = [];
  for (let i = 0; i < 4; i++) found.push(await rows(batches));
  expect(found).toEqual([[0, 1], [2, 3], [4], [0, 1]]);
  expect(batches.state()).toEqual({ taken: 1, passes: 2 });
  const resumed = await regularizationBatches(dataset(5, 2) as never, model(), { batchSize: 99, seed: 1 });
  await resumed.loadState({ taken: 1, passes: 2 });
  expect(await rows(resumed)).toEqual([2, 3]);
  await expect(resumed.loadState({ taken: 1, passes: 1 })).rejects.toThrow('cannot go back');
});

test('vectors become columns, and only the batch is left in memory', async () => {
  const [x] = examples(4);
  const y = tf.tensor1d([100, 101, 102, 103]);
  const batches = await regularizationBatches([x, y], model(), { batchSize: 2, seed: 1 });
  await rows(batches);
  const before = tf.memory().numTensors;
  const batch = await batches.next();
  expect(batch.y[0].shape).toEqual([2, 1]);
  tf.dispose([batch.x, batch.y]);
  expect(tf.memory().numTensors).toBe(before);
});

test.each<[string, string, number, () => tf.Tensor, RegExp | null]>([
  [
    'one-hot',
    'categoricalCrossentropy',
    3,
    () =>
      tf.tensor2d([
        [1, 0, 0],
        [0, 0, 1],
      ]),
    /no example of class 1/,
  ],
  [
    'one-hot, complete',
    'categoricalCrossentropy',
    2,
    () =>
      tf.tensor2d([
        [1, 0],
        [0, 1],
      ]),
    null,
  ],
  ['numbers', 'sparseCategoricalCrossentropy', 4, () => tf.tensor2d([[3], [1]]), /no example of class 0, 2/],
  ['a unit', 'binaryCrossentropy', 1, () => tf.tensor2d([[1], [1]]), /no example of class 0\./],
  [
    'units',
    'binaryCrossentropy',
    2,
    () =>
      tf.tensor2d([
        [1, 0],
        [0, 0],
      ]),
    /no example of class 1 for unit 1/,
  ],
  ['0 and 1 under a squared error', 'meanSquaredError', 1, () => tf.tensor2d([[1], [1]]), null],
])('classes that are missing are refused: %s', async (_, loss, units, targets, message) => {
  const options = { batchSize: 2, seed: 1 };
  const make = () => regularizationBatches([tf.ones([2, 2]), targets()], model(loss, units), options);
  if (message) {
    await expect(make()).rejects.toThrow(message);
    const allowed = { ...options, allowMissingClasses: true };
    await regularizationBatches([tf.ones([2, 2]), targets()], model(loss, units), allowed);
  } else await make();
});

test('what does not fit the model is refused, of a data set by its first batch', async () => {
  const options = { batchSize: 2, seed: 1 };
  await expect(regularizationBatches([tf.ones([4, 3]), tf.ones([4, 1])], model(), options)).rejects.toThrow(
    'regularizationData',
  );
  await expect(regularizationBatches([tf.ones([4, 2]), tf.ones([3, 1])], model(), options)).rejects.toThrow(
    'regularizationData',
  );
  await expect(regularizationBatches(data.array([]).batch(2) as never, model(), options)).rejects.toThrow(
    'regularizationData: is a data set that yields no batch',
  );
  const nameless = data.array([1, 2]).batch(2);
  await expect(regularizationBatches(nameless as never, model(), options)).rejects.toThrow(
    'regularizationData: must yield { xs, ys } batches',
  );
  const single = data.array([{ xs: [1, 2], ys: 1 }]);
  await expect(regularizationBatches(single as never, model(), options)).rejects.toThrow(
    'regularizationData: must yield batches of tensors, but yields [1, 2]. Call .batch(32) on the data set.',
  );
});

test('tensors that are disposed while training goes on are named', async () => {
  const [x, y] = examples(4);
  const batches = await regularizationBatches([x, y], model(), { batchSize: 2, seed: 1 });
  await rows(batches);
  y.dispose();
  await expect(batches.next()).rejects.toThrow('regularizationData: has a tensor [4,1]');
});

test.each([
  [undefined, 'regularizationData: is missing'],
  [3, 'regularizationData: must be [x, y]'],
  [{ batches: [] }, 'regularizationData: must be [x, y]'],
  [[1, 2], 'regularizationData: must be [x, y]'],
  [{ split: 0 }, 'regularizationData.split: must lie between 0 and 1, but is 0'],
  [{ split: 1 }, 'regularizationData.split'],
  [{ split: 0.1, folds: 5 }, 'split'],
  [{ split: 0.1, stratified: 1 }, 'regularizationData.stratified: must be true or false'],
  [{ split: 0.1, groups: 'patients' }, 'regularizationData.groups: must be an array'],
  [{ folds: 1, fold: 0 }, 'regularizationData.folds: must be an integer of at least 2'],
  [{ folds: 5, fold: 5 }, 'regularizationData.fold: must be an integer from 0 to 4, but is 5'],
  [{ folds: 5, fold: 0, seed: 0.5 }, 'regularizationData.seed'],
])('%j is no regularization data', (given, message) => {
  expect(() => checkRegularizationData(given as never)).toThrow(message);
});

test('a part is distinguished from data', () => {
  expect(isPart({ split: 0.1 })).toBe(true);
  expect(isPart({ folds: 5, fold: 0 })).toBe(true);
  expect(isPart(examples(2))).toBe(false);
});
