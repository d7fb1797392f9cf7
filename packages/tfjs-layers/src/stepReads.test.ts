import * as tf from '@tensorflow/tfjs';
import { expect, test, vi } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { injectNoise } from './injectNoise';

await tf.setBackend('cpu');

/** Reads of tensors. On a GPU they end when all earlier work is done; here, held reads end when they are released. */
function watchReads() {
  const synchronous = ['dataSync', 'arraySync', 'bufferSync'] as const;
  const spies = synchronous.map((name) => vi.spyOn(tf.Tensor.prototype, name));
  const { data } = tf.Tensor.prototype;
  let gate = Promise.resolve();
  let open = () => {};
  const asked = vi.spyOn(tf.Tensor.prototype, 'data').mockImplementation(async function (this: tf.Tensor) {
    await gate;
    return data.call(this) as never;
  });
  return {
    hold() {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    },
    letGo: () => open(),
    asked: () => asked.mock.calls.length,
    synchronous: () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0),
    stop() {
      for (const spy of [...spies, asked]) spy.mockRestore();
    },
  };
}

const data = (count: number): [tf.Tensor, tf.Tensor] => [
  tf.randomUniform([count, 4], -1, 1, 'float32', 1),
  tf.oneHot(
    tf.tensor1d(
      Array.from({ length: count }, (_, i) => i % 2),
      'int32',
    ),
    2,
  ),
];

test('no training step waits for the device: it reads nothing, and a ρ step reads its row of the history, which may arrive at the end of the epoch', async () => {
  const model = injectNoise(
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 6, inputShape: [4] }),
        tf.layers.batchNormalization(),
        tf.layers.reLU(),
        tf.layers.dense({ units: 2, activation: 'softmax' }),
      ],
    }),
  );
  model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  const [x, y] = data(96);
  const cross = crossRegularization({ regularizationData: data(8), every: 4 });
  const reads = watchReads();
  const seen: number[] = [];
  // The first callback: its epoch ends before that of the callback which reads. No `CustomCallback`, which reads the logs.
  class Watch extends tf.Callback {
    override onEpochBegin = async () => {
      seen.push(reads.asked());
      reads.hold();
    };
    override onEpochEnd = async () => {
      seen.push(reads.asked());
      reads.letGo();
    };
  }
  const callbacks = [new Watch(), cross];
  // Waiting for a read within an epoch would never end.
  await model.fit(x, y, { epochs: 2, batchSize: 8, shuffle: false, verbose: 0, callbacks });
  reads.stop();
  const [begun, ended, begunAgain, endedAgain] = seen;
  // Twelve steps, three of them with a ρ step.
  expect([ended - begun, endedAgain - begunAgain]).toEqual([3, 3]);
  expect(reads.synchronous()).toBe(0);
  expect(cross.history.step.length).toBe(6);
});
