// What norms cost on wasm: the retraction of the weights after every batch, relative to a plain training step. Ratios of
// medians, measured alternately in one process.  node benchmarks/src/norms.mjs
import { crossRegularization, groupLasso, l1, l2 } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import '@crossreg/tfjs-wasm';

await tf.setBackend('wasm');
await tf.ready();
const median = (xs) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];
const [x, xHeld, y] = [
  tf.randomNormal([64, 784]),
  tf.randomNormal([64, 784]),
  tf.oneHot(tf.range(0, 64, 1, 'int32').mod(10).toInt(), 10).cast('float32'),
];

const table = {};
for (const [name, regularizers] of Object.entries({
  'l2 per layer': [l2()],
  'l2 per unit': [l2({ per: 'unit' })],
  'l1 per layer': [l1()],
  'group (inputs)': [groupLasso()],
})) {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 256, inputShape: [784], activation: 'relu' }),
      tf.layers.dense({ units: 128, activation: 'relu' }),
      tf.layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy' });
  const cross = crossRegularization({ regularizationData: [xHeld, y], every: 1_000_000, regularizers });
  await cross.trainOnBatch(model, x, y);
  const [steps, retractions] = [[], []];
  for (let i = 0; i < 60; i++) {
    const started = performance.now();
    await model.trainOnBatch(x, y);
    const trained = performance.now();
    await cross.onBatchEnd(i);
    if (i < 10) continue; // warms up
    steps.push(trained - started);
    retractions.push(performance.now() - trained);
  }
  table[name] = { 'retraction, relative to a plain step': (median(retractions) / median(steps)).toFixed(3) };
  cross.dispose();
}
console.log('dense 784-256-128-10, batch 64, Adam');
console.table(table);
