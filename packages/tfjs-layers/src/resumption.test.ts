import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import type { Resumable } from './checkpoint';
import type { CheckpointStore } from './checkpointStore';
import { Resumption } from './resumption';

beforeAll(() => tf.setBackend('cpu'));

/** A store in memory. */
function memory(): CheckpointStore & { bytes?: Uint8Array } {
  const store: CheckpointStore & { bytes?: Uint8Array } = {
    async read() {
      return store.bytes;
    },
    async write(bundle) {
      store.bytes = bundle;
    },
    async remove() {
      store.bytes = undefined;
    },
  };
  return store;
}
/** A callback that counts. */
function counter(start = 0) {
  const cross: Resumable & { count: number } = {
    count: start,
    async prepare() {},
    settings: () => ({}),
    state: async () => ({ count: cross.count }),
    async loadState({ count }) {
      cross.count = count;
    },
  };
  return cross;
}
function model() {
  const made = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
  made.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  return made;
}

test('a run continues after the last completed epoch, with the callback’s state and the logs of all epochs', async () => {
  const store = memory();
  const [first, cross] = [new Resumption(store), counter()];
  expect(first.isDue).toBe(true);
  expect(await first.begin(model(), cross)).toEqual({ epoch: 0, step: 0 });
  expect(first.isDue).toBe(false);
  cross.count = 5;
  await first.endEpoch(0, { loss: 2 }, 10);
  cross.count = 9;
  await first.endEpoch(1, { loss: tf.scalar(1) as never, accuracy: 0.5 }, 20);

  const [second, later] = [new Resumption(store), counter()];
  expect(await second.begin(model(), later)).toMatchObject({ epoch: 2, step: 20 });
  expect(later.count).toBe(9);
  expect(first.history).toEqual({ epoch: [0, 1], history: { loss: [2, 1], accuracy: [0.5] } });
});

test('the loop’s own data are saved and restored', async () => {
  const store = memory();
  const [first, cross] = [new Resumption(store), counter()];
  await first.restore(model(), cross);
  await first.save(7, { best: 0.25 });
  expect(await new Resumption(store).restore(model(), counter())).toEqual({
    epoch: 0,
    step: 7,
    data: { best: 0.25 },
  });
});

test('training before restore is refused, because it would overwrite the earlier run', async () => {
  const due = new Resumption(memory());
  const message = 'checkpoint: was not restored, so saving would overwrite an earlier run';
  expect(() => due.checkRestored()).toThrow(message);
  await expect(due.endEpoch(0, {}, 1)).rejects.toThrow(message);
  await expect(due.save(1, {})).rejects.toThrow(message);
});

test('saving and restoring are refused without a checkpoint', async () => {
  const none = new Resumption(undefined);
  const message = "checkpoint: is missing. Give crossRegularization the option checkpoint: 'folder'.";
  await expect(none.restore(model(), counter())).rejects.toThrow(message);
  await expect(none.save(1, {})).rejects.toThrow(message);
});

test('an epoch before the one of the checkpoint is refused, a later one is not', async () => {
  const store = memory();
  const [first, cross] = [new Resumption(store), counter()];
  await first.begin(model(), cross);
  for (const epoch of [0, 1, 2]) await first.endEpoch(epoch, {}, epoch);
  const second = new Resumption(store);
  await second.begin(model(), counter());
  expect(() => second.checkEpoch(2)).toThrow(
    'checkpoint: is at the end of epoch 3, but training started at epoch 2 (counted from 0)',
  );
  second.checkEpoch(3);
});

test('without a checkpoint nothing is due, stored or written', async () => {
  const none = new Resumption(undefined);
  expect(none.isDue).toBe(false);
  none.checkRestored();
  none.checkEpoch(0);
  await none.endEpoch(0, { loss: 1 }, 1);
  expect(none.history).toBeUndefined();
  expect(await none.begin(model(), counter())).toEqual({ epoch: 0, step: 0 });
});
