import * as tf from '@tensorflow/tfjs';
import { expect, test, vi } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { injectNoise } from './injectNoise';

await tf.setBackend('cpu');

/** Counts how often numbers of any tensor are asked for: on a GPU each waits until all is computed that was begun. */
function countReads() {
  const names = ['data', 'dataSync', 'array', 'arraySync', 'bytes', 'buffer', 'bufferSync'] as const;
  const spies = names.map((name) => vi.spyOn(tf.Tensor.prototype, name));
  return {
    count: () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0),
    stop() {
      for (const spy of spies) spy.mockRestore();
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

test('neither a training step nor a ρ step reads from the device; the history is read when the epoch ends', async () => {
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
  const cross = crossRegularization({ regularizationData: data(8), every: 1 });
  const reads = countReads();
  const seen: number[] = [];
  const note = async () => {
    seen.push(reads.count());
  };
  // The first callback: its epoch ends before that of the callback which reads. No `CustomCallback`, which reads the logs.
  class Watch extends tf.Callback {
    override onEpochBegin = note;
    override onEpochEnd = note;
  }
  const callbacks = [new Watch(), cross];
  await model.fit(x, y, { epochs: 2, batchSize: 8, shuffle: false, verbose: 0, callbacks });
  reads.stop();
  const [begun, ended, begunAgain, endedAgain] = seen;
  expect([ended - begun, endedAgain - begunAgain]).toEqual([0, 0]);
  // That ρ steps were taken in each of twelve steps, and that reads are seen.
  expect(cross.history.step.length).toBe(24);
  expect(begunAgain - ended).toBeGreaterThan(0);
});
