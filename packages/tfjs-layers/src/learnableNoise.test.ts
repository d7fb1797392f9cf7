import { adam, type OptimizerFactory, sgd } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { noiseLayers } from './injectNoise';
import { LearnableNoise } from './learnableNoise';

beforeAll(() => tf.setBackend('cpu'));

const dense = (units: number, seed: number, options: object = {}) =>
  tf.layers.dense({ units, kernelInitializer: tf.initializers.glorotNormal({ seed }), ...options });

test.each<[string, OptimizerFactory]>([
  ['adam', adam({ learningRate: 0.05 })],
  ['momentum', sgd({ learningRate: 0.05, momentum: 0.9 })],
])(
  'non-finite new values: a layer that is off stays off while another one learns (%s)',
  async (_, optimizer) => {
    const model = tf.sequential({
      layers: [
        dense(6, 1, { inputShape: [4] }),
        new LearnableNoise({ initialSigma: 0, per: 'channel' }) as never,
        tf.layers.reLU(),
        dense(6, 2),
        new LearnableNoise({ initialSigma: 0.5 }) as never,
        tf.layers.reLU(),
        dense(1, 3),
      ],
    });
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
    const x = tf.randomNormal([64, 4], 0, 1, 'float32', 1);
    const y = tf.sum(x, 1, true);
    const cross = crossRegularization({ regularizationData: [x, y], every: 1, optimizer });
    await model.fit(x, y, { epochs: 3, batchSize: 16, callbacks: cross, verbose: 0 });
    const [off, on] = noiseLayers(model).map((layer) => [...layer.sigma().dataSync()]);
    expect(off).toEqual([0, 0, 0, 0, 0, 0]);
    expect(on[0]).not.toBe(0.5);
    const { loss, skipped } = cross.history;
    expect(skipped).toBe(0);
    expect(loss.every(Number.isFinite)).toBe(true);
    expect(
      model.getWeights().every((w) => w.dataSync().every((v) => Number.isFinite(v) || v === -Infinity)),
    ).toBe(true);
  },
);
