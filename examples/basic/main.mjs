// A network that learns its own noise and augmentation while it trains, next to the same network without them.
import { evaluate } from '@crossreg/calibration';
import { fashionMnist, split } from '@crossreg/datasets';
import { augmentationLayers, injectAugmentation } from '@crossreg/tfjs-augment';
import { crossRegularization, injectNoise, predict } from '@crossreg/tfjs-layers';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';

await useWasm();
const epochs = Number(process.argv[2] ?? 60);

// 1,000 images train the network, 500 teach it the regularization, and 2,000 test it.
const { train, test } = await fashionMnist({ train: 1500, test: 2000, seed: 1 });
const [training, regularization] = split(train, { size: 500, stratified: true, seed: 1 });
const images = (set) => tf.tensor(set.images, set.shape);
const labels = (set) => tf.oneHot(tf.tensor1d(set.labels, 'int32'), 10).cast('float32');

const network = () =>
  tf.sequential({
    layers: [
      tf.layers.conv2d({ filters: 8, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.conv2d({ filters: 16, kernelSize: 3, activation: 'relu' }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 64, activation: 'relu' }),
      tf.layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });

async function fit(name, model, callbacks = []) {
  model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
  console.log(`training the ${name} network`);
  await model.fit(images(training), labels(training), { epochs, batchSize: 64, verbose: 0, callbacks });
  const { mean } = predict(model, images(test), { samples: 16 });
  const { accuracy, nll, ece } = evaluate(await mean.data(), test.labels);
  console.log(`  test accuracy ${accuracy.toFixed(3)}, NLL ${nll.toFixed(3)}, ECE ${ece.toFixed(3)}`);
}

await fit('plain', network());

// With cross-regularization: these three lines.
const model = injectAugmentation(injectNoise(network()), { translate: 2, rotate: 10, scale: 0.1 });
const cross = crossRegularization({ regularizationData: [images(regularization), labels(regularization)] });
await fit('cross-regularized', model, cross);

console.log('  learned ranges:', await augmentationLayers(model)[0].values());
