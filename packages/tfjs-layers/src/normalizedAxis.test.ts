import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { expect, test } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { Ensemble } from './ensemble';
import { injectNoise } from './injectNoise';
import { predict } from './predict';
import { toInferenceModel } from './toInferenceModel';

const message = (run: Promise<unknown>) =>
  run.then(
    () => 'accepted',
    (error: Error) => `${error.name} ${error.message}`,
  );

test.each(['cpu', 'wasm'])(
  'stock batch normalization of axis 1 is wrong on %s, so that the callback, predict and toInferenceModel refuse it',
  async (backend) => {
    await tf.setBackend(backend);
    try {
      const build = (axis: number) => {
        const layer = tf.layers.batchNormalization({ axis, name: `norm_${backend}_${axis}` });
        return {
          layer,
          model: tf.sequential({
            layers: [
              tf.layers.permute({ dims: [1, 2], inputShape: [2, 3] }),
              layer,
              tf.layers.flatten(),
              tf.layers.dense({ units: 4, activation: 'tanh' }),
              tf.layers.dense({ units: 1 }),
            ],
          }),
        };
      };
      const { layer, model } = build(1);
      layer.setWeights(
        [
          [1, 2],
          [0, 5],
          [10, 20],
          [4, 9],
        ].map((v) => tf.tensor1d(v)),
      );
      const sample = tf.tensor3d([10, 12, 14, 20, 23, 26], [1, 2, 3]);
      const computed = [...(layer.apply(sample, { training: false }) as tf.Tensor).dataSync()];
      // By hand: γ (x − mean) / √(variance + 0.001) + β.
      const byHand = [10, 12, 14].map((v) => (v - 10) / Math.sqrt(4.001));
      expect(Math.abs(computed[1] - byHand[1])).toBeGreaterThan(1);

      const [inputs, targets] = [tf.randomNormal([8, 2, 3], 0, 1, 'float32', 1), tf.zeros([8, 1])];
      // Functions that compute with the model directly, not in a callback.
      const now = [
        (given: tf.LayersModel) => predict(given, inputs, { samples: 2 }),
        (given: tf.LayersModel) => toInferenceModel(given, { samples: 2 }),
        (given: tf.LayersModel) =>
          toInferenceModel(new Ensemble([given, injectNoise(build(-1).model)]), { samples: 2 }),
        (given: tf.LayersModel) => predict(repeating(given), tf.zeros([2, 2, 2, 3])),
      ];
      const repeating = (given: tf.LayersModel) =>
        tf.sequential({ layers: [tf.layers.timeDistributed({ layer: given, inputShape: [2, 2, 3] })] });
      const wrong = injectNoise(model);
      const right = injectNoise(build(-1).model);
      for (const compute of now) {
        expect(() => compute(wrong)).toThrow(
          `norm_${backend}_1 normalizes axis 1, which the backend ${backend}`,
        );
        expect(() => compute(right)).not.toThrow();
      }
      const run = (given: tf.LayersModel) => {
        const noisy = injectNoise(given);
        noisy.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
        return message(
          crossRegularization({ regularizationData: [tf.neg(inputs), targets] }).trainOnBatch(
            noisy,
            inputs,
            targets,
          ),
        );
      };
      expect(await run(model)).toContain(
        `norm_${backend}_1 normalizes axis 1, which the backend ${backend} of TensorFlow.js computes wrongly`,
      );
      expect(await run(build(-1).model)).toBe('accepted');
    } finally {
      await tf.setBackend('cpu');
    }
  },
);
