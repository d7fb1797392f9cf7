// Fine-tunes a pretrained network on a small part of CIFAR-10 with learned noise. The last blocks train on the features of the
// first ones. Then the whole network is saved as a model of stock layers, and loaded again.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { evaluate } from '@crossreg/calibration';
import { split } from '@crossreg/datasets';
import { cifar10, progressBar } from '@crossreg/datasets/node';
import {
  crossRegularization,
  injectNoise,
  noiseLayers,
  predict,
  toInferenceModel,
} from '@crossreg/tfjs-layers';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { part } from './mobilenet.mjs';
import { loadFrom, saveTo } from './modelFolder.mjs';
import { train } from './train.mjs';

const sizes = { train: 2000, test: 1000, steps: 600, threads: 2 };
const usage = 'usage: npm run pretrained -- [--train 2000] [--test 1000] [--steps 600] [--threads 2]';
const refuse = (message) => {
  console.error(`${message}\n${usage}`);
  process.exit(2);
};
const options = Object.fromEntries(
  Object.entries(sizes).map(([name, size]) => [name, { type: 'string', default: String(size) }]),
);
function readFlags() {
  try {
    return parseArgs({ options }).values;
  } catch ({ message }) {
    return refuse(message);
  }
}
const flags = readFlags();
const [count, test, steps, threads] = Object.keys(sizes).map((name) =>
  /^[1-9]\d*$/.test(flags[name]) ? Number(flags[name]) : refuse(`--${name} takes a whole number above 0.`),
);
const SIZE = 96;
const CUT = 'block_12_add';
const seed = 1;
await useWasm({ threads });

const images = await cifar10({ train: count, test, seed, onProgress: progressBar() });
const [training, regularization] = split(images.train, { size: Math.round(count / 5), seed });

/** Images and one-hot labels as tensors. */
const tensors = ({ images, labels, shape }) =>
  tf.tidy(() => ({
    x: tf.keep(tf.tensor(images, shape)),
    y: tf.keep(tf.oneHot(tf.tensor1d(labels, 'int32'), 10).cast('float32')),
    labels,
  }));

const base = await part({ from: 'input_1', to: CUT, shape: [SIZE, SIZE, 3] });
/** The features that the base computes for images. They are computed once, because the base does not train. */
function features(set) {
  const { x, y, labels } = tensors(set);
  const parts = [];
  for (let at = 0; at < labels.length; at += 50) {
    parts.push(
      tf.tidy(() =>
        base.predict(tf.image.resizeBilinear(x.slice(at, Math.min(50, labels.length - at)), [SIZE, SIZE])),
      ),
    );
  }
  const all = tf.concat(parts);
  tf.dispose([x, parts]);
  return { x: all, y, labels };
}
console.log('features of the base');
const data = {
  training: features(training),
  regularization: features(regularization),
  test: features(images.test),
};
const both = Object.fromEntries(
  ['x', 'y'].map((part) => [part, tf.concat([data.training[part], data.regularization[part]])]),
);

const rest = () => part({ from: CUT, to: 'out_relu', shape: base.outputShape.slice(1) });
const classes = (options = {}) =>
  tf.layers.dense({
    units: 10,
    activation: 'softmax',
    kernelInitializer: tf.initializers.glorotUniform({ seed }),
    name: 'classes',
    ...options,
  });
/** The rest of the network, with a new last layer. */
async function top() {
  const { inputs, outputs } = await rest();
  const pooled = tf.layers.globalAveragePooling2d({}).apply(outputs[0]);
  return tf.model({ inputs, outputs: classes().apply(pooled) });
}
const compiled = (model, rate = 5e-4) => {
  model.compile({ optimizer: tf.train.adam(rate), loss: 'categoricalCrossentropy' });
  return model;
};
const samples = 16;
const rows = {};
function measure(name, model, { x, labels } = data.test) {
  const { mean, variance } = predict(model, x, { samples, batchSize: 100, seed });
  const { accuracy, nll, ece } = evaluate(mean.dataSync(), labels);
  tf.dispose([mean, variance]);
  rows[name] = { accuracy: accuracy.toFixed(3), NLL: nll.toFixed(3), ECE: ece.toFixed(3) };
}
const run = (name, model, set, cross) => train({ name, model, set, steps, seed, cross });

// Only the new last layer trains. The rest stays as published and runs in inference mode.
const published = await rest();
const pooled = ({ x, ...set }) => ({
  ...set,
  x: tf.tidy(() => tf.mean(published.predict(x, { batchSize: 100 }), [1, 2])),
});
const lastLayer = compiled(tf.sequential({ layers: [classes({ inputShape: [1280] })] }), 1e-2);
await run('new last layer', lastLayer, pooled(both));
measure('only the new last layer', lastLayer, pooled(data.test));

const plain = compiled(await top());
await run('plain', plain, both);
measure('fine-tuned, plain, all images', plain);

// The network comes with a momentum for which this run is short. The callback lowers it to 0.9 while it learns noise, so this
// row tells what that alone is worth.
const adapted = compiled(await top());
for (const layer of adapted.layers) if (layer.momentum > 0.9) layer.momentum = 0.9;
await run('momentum 0.9', adapted, both);
measure('the same, batch norm momentum 0.9', adapted);

const noisy = compiled(injectNoise(await top()));
const cross = crossRegularization({
  regularizationData: [data.regularization.x, data.regularization.y],
  seed,
});
await run('learned noise', noisy, data.training, cross);
measure('fine-tuned with learned noise', noisy);
const status = cross.status();
for (const layer of noiseLayers(noisy)) {
  const sigma = tf.tidy(() => layer.sigma().dataSync()[0]);
  console.log(`  σ of ${layer.name}: ${sigma.toFixed(3)}, ${status[layer.name].status}`);
}

const whole = tf.model({ inputs: base.inputs, outputs: noisy.apply(base.outputs[0]) });
const folder = mkdtempSync(join(tmpdir(), 'crossreg-pretrained-'));
await saveTo(whole, join(folder, 'noisy'));
await saveTo(toInferenceModel(whole, { samples, seed }), join(folder, 'inference'));
console.log(`
CIFAR-10, ${count} images, of which ${regularization.labels.length} are the regularization set; ${test} test images`);
console.table(rows);
const few = Math.min(100, test);
const pixels = tf.tidy(() => tf.image.resizeBilinear(tensors(images.test).x.slice(0, few), [SIZE, SIZE]));
const first = { x: data.test.x.slice(0, few), labels: data.test.labels.slice(0, few) };
for (const name of Object.keys(rows)) delete rows[name];
measure(`as trained`, noisy, first);
measure(`saved and loaded`, await loadFrom(join(folder, 'noisy')), { ...first, x: pixels });
const inference = await loadFrom(join(folder, 'inference'));
const { accuracy, nll, ece } = evaluate(
  inference.predict(pixels, { batchSize: 25 }).dataSync(),
  first.labels,
);
rows['inference model, saved and loaded'] = {
  accuracy: accuracy.toFixed(3),
  NLL: nll.toFixed(3),
  ECE: ece.toFixed(3),
};
console.log(`The first ${few} test images, from their pixels`);
console.table(rows);
rmSync(folder, { recursive: true });
