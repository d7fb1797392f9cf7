// The program for every runtime and every bundle: a small network learns its noise on the backend that all of them have.
import { crossRegularization, predict } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';

/** The averaged predictions after training. Everything random has a seed, so they are the same everywhere, up to rounding. */
export async function run(backend = 'cpu') {
  await tf.setBackend(backend);
  const init = (seed) => tf.initializers.glorotNormal({ seed });
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 8, inputShape: [4], activation: 'relu', kernelInitializer: init(1) }),
      tf.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: init(2) }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.1), loss: 'categoricalCrossentropy' });
  const x = tf.tensor2d(
    Array.from({ length: 240 }, (_, i) => ((i * 37) % 101) / 50 - 1),
    [60, 4],
  );
  const y = tf.oneHot(tf.argMax(tf.slice(x, [0, 0], [60, 3]), 1), 3).cast('float32');
  const cross = crossRegularization({ noise: true, regularizationData: { split: 0.25 }, every: 1, seed: 1 });
  await cross.fit(model, x, y, { epochs: 3, batchSize: 15, verbose: 0 });
  const { mean } = predict(cross.toModel(), x, { samples: 8, seed: 1 });
  return [...(await mean.data())];
}
