import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test, vi } from 'vitest';
import { crossRegularization, l2 } from './index';

beforeAll(() => tf.setBackend('cpu'));

const refusal =
  'regularizationData: holds the same 12 examples as x and y. Give examples that are not trained on, or { split: 0.1 } to hold some out.';

const inputs = (seed = 1) => tf.randomNormal([12, 2], 0, 1, 'float32', seed);
const targets = (seed = 2) => tf.randomNormal([12, 1], 0, 1, 'float32', seed);

/** The message of the error that `cross.fit` ends with; undefined where it trains. */
async function fit(
  [x, y]: [tf.Tensor, tf.Tensor],
  regularizationData: [tf.Tensor | { [name: string]: tf.Tensor }, tf.Tensor],
): Promise<string | undefined> {
  const model = tf.sequential({ layers: [tf.layers.dense({ inputShape: [2], units: 1, name: 'one' })] });
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  const cross = crossRegularization({ regularizationData, regularizers: [l2()], every: 1 });
  try {
    await cross.fit(model, x, y, { epochs: 1, verbose: 0 });
    return undefined;
  } catch (error) {
    expect(cross.history.step).toEqual([]);
    return (error as Error).message;
  } finally {
    cross.dispose();
  }
}

test('a regularization set of the training tensors is refused', async () => {
  const [x, y] = [inputs(), targets()];
  expect(await fit([x, y], [x, y])).toBe(refusal);
});

test('so are other tensors that share the memory, by name or with another shape', async () => {
  const [x, y] = [inputs(), targets()];
  expect(await fit([x, y], [{ one_input: x.clone() }, y.reshape([12])])).toBe(refusal);
});

test('so are copies with the same numbers', async () => {
  expect(await fit([inputs(), targets()], [inputs(), targets()])).toBe(refusal);
});

test('other examples are accepted, and so are other targets at the same inputs and other inputs with the same targets', async () => {
  const [x, y] = [inputs(), targets()];
  expect(await fit([x, y], [inputs(3), targets(4)])).toBeUndefined();
  expect(await fit([x, y], [x, targets(4)])).toBeUndefined();
  expect(await fit([x, y], [inputs(3), y])).toBeUndefined();
  expect(await fit([x, y], [x.slice(0, 6), y.slice(0, 6)])).toBeUndefined();
});

test('one number that differs makes them other examples', async () => {
  const [x, y] = [inputs(), targets()];
  const values = x.dataSync().slice();
  values[5] += 1e-3;
  expect(await fit([x, y], [tf.tensor2d(values, [12, 2]), y])).toBeUndefined();
});

test('in an own loop, the held-out tensors as a batch are refused before the step, without a read from the device', async () => {
  const [x, y] = [inputs(), targets()];
  const model = tf.sequential({ layers: [tf.layers.dense({ inputShape: [2], units: 1 })] });
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  const cross = crossRegularization({ regularizationData: [x, y], regularizers: [l2()], every: 1 });
  const weights = () => model.getWeights().map((weight) => [...weight.dataSync()]);
  const before = weights();
  const reads = vi.spyOn(tf.Tensor.prototype, 'data');
  await expect(cross.trainOnBatch(model, x, y)).rejects.toThrow(refusal);
  await expect(cross.trainOnBatch(model, x.clone(), y.reshape([12]))).rejects.toThrow(refusal);
  expect(reads).not.toHaveBeenCalled();
  reads.mockRestore();
  expect(weights()).toEqual(before);
  await cross.trainOnBatch(model, x, targets(4));
  await cross.trainOnBatch(model, inputs(3), y);
  await cross.trainOnBatch(model, x.slice(0, 6), y.slice(0, 6));
  expect(cross.history.step).toHaveLength(3);
});
