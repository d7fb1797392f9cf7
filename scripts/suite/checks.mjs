// The checks for every backend, on the packages as users get them. node.mjs runs them in Node, page.mjs in a browser.
import { frameworkContract } from '@crossreg/core/testing';
import { fashionMnist, oneHot } from '@crossreg/datasets';
import { addNoise, deriveKey, gaussian, seedNoise, tfjs } from '@crossreg/tfjs';
import { fillGaussian } from '@crossreg/tfjs/internal';
import { augmentationLayers, injectAugmentation, warp } from '@crossreg/tfjs-augment';
import {
  crossRegularization,
  injectNoise,
  l2,
  noiseLayers,
  predict,
  toInferenceModel,
} from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';

/** Computed in JavaScript, because linspace, sin and cos round differently on different backends. */
const wave = (shape, rate = 0.7) =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(rate * i + 0.3)),
    shape,
  );
const numbers = async (tensors) => (await Promise.all(tensors.map((t) => t.data()))).flatMap((v) => [...v]);
function assert(holds, message) {
  if (!holds) throw new Error(message);
}
function agree(what, ours, reference, tolerance) {
  assert(ours.length === reference.length, `${what}: ${ours.length} numbers, not ${reference.length}`);
  const scale = Math.max(1, ...reference.map(Math.abs));
  const worst = Math.max(...ours.map((v, i) => (Number.isFinite(v) ? Math.abs(v - reference[i]) : Infinity)));
  assert(worst <= tolerance * scale, `${what}: differs by ${worst}, at a scale of ${scale}`);
}
/** The same on this backend and on cpu. */
async function agreesWithCpu(what, f, tolerance) {
  const backend = tf.getBackend();
  const on = async (where) => {
    await tf.setBackend(where);
    return numbers(await f());
  };
  const reference = await on('cpu');
  agree(what, await on(backend), reference, tolerance);
}

const { train, test } = await fashionMnist({ train: 320, test: 16, seed: 1 });
const data = ({ images, shape, labels }) => [
  tf.tensor(images, shape),
  tf.tensor2d(oneHot(labels, 10), [labels.length, 10]),
];
function network() {
  const initial = (seed) => ({ kernelInitializer: tf.initializers.heNormal({ seed }) });
  return tf.sequential({
    layers: [
      tf.layers.averagePooling2d({ inputShape: [28, 28, 1], poolSize: 2 }),
      // No bias before batch norm: its gradient is only rounding, which Adam turns into whole steps.
      tf.layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', useBias: false, ...initial(1) }),
      tf.layers.batchNormalization(),
      tf.layers.reLU(),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 16, activation: 'relu', ...initial(2) }),
      tf.layers.dense({ units: 10, activation: 'softmax', ...initial(3) }),
    ],
  });
}
const compiled = (model, optimizer = tf.train.adam(2e-3)) => {
  model.compile({ optimizer, loss: 'categoricalCrossentropy' });
  return model;
};

/** Trains with the callback, and checks that θ and ρ both learned and that no tensor leaked. */
async function learns(model, what) {
  seedNoise(1);
  const [x, y] = data(train);
  const [xReg, xFit] = [x.slice(0, 64), x.slice(64)];
  const [yReg, yFit] = [y.slice(0, 64), y.slice(64)];
  const cross = crossRegularization({ regularizationData: [xReg, yReg], every: 3, samples: 2 });
  const counts = [];
  const count = new tf.CustomCallback({ onEpochEnd: () => counts.push(tf.memory().numTensors) });
  const args = { epochs: 4, batchSize: 32, verbose: 0, shuffle: false };
  const { history } = await model.fit(xFit, yFit, { ...args, callbacks: [cross, count] });
  const { loss, skipped, rho } = cross.history;
  assert(history.loss.at(-1) < 0.8 * history.loss[0], `${what}: training loss ${history.loss.join(', ')}`);
  assert(
    loss.length === 10 && skipped === 0 && loss.every(Number.isFinite),
    `${what}: ρ steps ${loss.join(', ')}`,
  );
  for (const [key, { value }] of Object.entries(rho)) {
    assert(
      Number.isFinite(value.at(-1)) && value.at(-1) !== value[0],
      `${what}: ${key} stays at ${value[0]}`,
    );
  }
  assert(counts.at(-1) === counts[1], `${what}: ${counts.join(', ')} tensors after each epoch`);
  const { mean } = predict(model, data(test)[0], { samples: 4 });
  const sums = await numbers([tf.sum(mean, -1)]);
  agree(`${what}: sums of probabilities`, sums, Array(16).fill(1), 1e-4);
}

async function saved(model) {
  let artifacts;
  await model.save(
    tf.io.withSaveHandler(async (all) => {
      artifacts = all;
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(all) };
    }),
  );
  return tf.loadLayersModel(tf.io.fromMemory(artifacts));
}

/** The logs of the callback reach TensorBoard, with the numbers of `History`. */
async function writes({ callback, read }) {
  const [x, y] = data(train);
  const cross = crossRegularization({
    regularizationData: [x.slice(0, 64), y.slice(0, 64)],
    every: 3,
    samples: 2,
    regularizers: [l2({ layers: /dense/ })],
  });
  const model = compiled(injectNoise(network()));
  const { history } = await model.fit(x.slice(64), y.slice(64), {
    epochs: 2,
    verbose: 0,
    callbacks: [cross, callback],
  });
  const scalars = read();
  const names = Object.keys(history);
  // The loss, the regularization loss, two σ and two levels.
  assert(names.length === 6, `logs are ${names.join(', ')}`);
  for (const name of names) {
    agree(`TensorBoard's ${name}`, scalars[`epoch_${name}`] ?? [], history[name], 1e-6);
  }
}

const checks = ({ store, short, board }) => ({
  'contract suite': async () => {
    for (const { name: title, run } of frameworkContract(tfjs)) {
      await Promise.resolve(run()).catch((error) => {
        throw new Error(`${title}: ${error.message}`);
      });
    }
  },
  'callback training': async () => {
    if (!short) await learns(compiled(injectNoise(network())), 'noise');
    if (board) await writes(board);
    // Step by step, draws, losses and weights are those on cpu. Not with Adam, whose steps are as long if a gradient is only
    // rounding.
    await agreesWithCpu(
      'weights after five steps',
      async () => {
        seedNoise(1);
        const model = compiled(injectNoise(network()), tf.train.sgd(0.1));
        const [x, y] = data(train);
        const cross = crossRegularization({
          regularizationData: [x.slice(0, 64), y.slice(0, 64)],
          every: 2,
          samples: 2,
        });
        for (let i = 0; i < 5; i++) {
          await cross.trainOnBatch(model, x.slice(64 + 32 * i, 32), y.slice(64 + 32 * i, 32));
        }
        return noiseLayers(model)
          .map((layer) => layer.rho)
          .concat(model.getWeights());
      },
      1e-3,
    );
  },
  noise: async () => {
    const n = 100_001;
    const expected = new Float32Array(n);
    fillGaussian(expected, deriveKey(5));
    agree('the stream', await numbers([gaussian([n], deriveKey(5))]), [...expected], 1e-4);
    await agreesWithCpu(
      'noise that stays when more is drawn',
      () => {
        const zeros = tf.zeros([30, 11]);
        return [1, 2, 3].map((seed) => addNoise(zeros, tf.scalar(2), deriveKey(seed)));
      },
      1e-4,
    );
    for (const channels of [undefined, 7]) {
      await agreesWithCpu(
        'addNoise and its gradients',
        () => {
          const x = wave([5, 6, 7]);
          const weights = wave([5, 6, 7], 1.9);
          const scale = channels ? wave([channels]) : tf.scalar(0.7);
          const f = (a, s) => tf.sum(tf.mul(weights, addNoise(a, s, deriveKey(9))));
          const { value, grads } = tf.valueAndGrads(f)([x, scale]);
          return [value, ...grads];
        },
        1e-4,
      );
    }
  },
  augmentation: async () => {
    for (const mode of ['constant', 'edge', 'reflect', 'wrap']) {
      await agreesWithCpu(
        `warp (${mode}) and its gradients`,
        () => {
          const images = wave([2, 9, 8, 3], 0.1);
          const maps = tf.tensor3d(
            [0.9, 0.2, 1.3, -0.1, 1.1, 0.4, 1.2, -0.3, -0.6, 0.2, 0.8, 2.1],
            [2, 2, 3],
          );
          const weights = wave(images.shape, 1.9);
          const f = (a, m) => tf.sum(tf.mul(weights, warp(a, m, { mode })));
          const { value, grads } = tf.valueAndGrads(f)([images, maps]);
          return [value, ...grads];
        },
        1e-4,
      );
    }
    if (short) return;
    const augmented = compiled(injectAugmentation(network(), { translate: 2, rotate: 10, brightness: 0.1 }));
    await learns(augmented, 'augmentation');
    assert(Object.keys(await augmentationLayers(augmented)[0].values()).length >= 3, 'ranges are lost');
  },
  'save/load': async () => {
    const [x, y] = data(train);
    const noisy = compiled(injectNoise(network()));
    await noisy.fit(x, y, { epochs: 1, verbose: 0 });
    const sampled = async (model) => numbers([predict(model, data(test)[0], { samples: 3, seed: 2 }).mean]);
    const expected = await sampled(noisy);
    agree('a loaded model', await sampled(await saved(noisy)), expected, 0);
    if (store) {
      await noisy.save(store.save);
      const loaded = await tf.loadLayersModel(store.load);
      agree(`a model loaded from ${store.load}`, await sampled(loaded), expected, 0);
    }
    const inference = toInferenceModel(noisy, { samples: 3, seed: 4 });
    const plain = async (model) => numbers([model.predict(data(test)[0])]);
    agree('an inference model', await plain(await saved(inference)), await plain(inference), 0);
  },
});

/**
 * Runs all checks on the backend in use.
 *
 * @param store - if the platform can save a model: the addresses to save to and to load from.
 * @param board - if the platform has a callback for TensorBoard: `callback`, and `read`, which returns what it wrote.
 * @param short - whether to leave out the check that takes long on a slow backend, which trains until something is learned.
 * @returns the failure of each check, or null.
 */
export async function runSuite({ store, short = false, board } = {}) {
  const backend = tf.getBackend();
  const results = {};
  for (const [check, run] of Object.entries(checks({ store, short, board }))) {
    await tf.setBackend(backend);
    tf.engine().startScope();
    results[check] = await run().then(
      () => null,
      (error) => error.message,
    );
    tf.engine().endScope();
  }
  await tf.setBackend(backend);
  return results;
}

/**
 * Takes alternating training steps of the network on two backends, which the functions select, and returns the median ratio of
 * their times.
 */
export async function medianRatio(use, useOther) {
  const steps = [];
  for (const turn of [use, useOther]) {
    await turn();
    const model = compiled(network());
    const [x, y] = data(train);
    steps.push(async () => {
      await turn();
      const started = performance.now();
      tf.dispose(await model.trainOnBatch(x, y));
      return performance.now() - started;
    });
  }
  const ratios = [];
  for (let i = 0; i < 15; i++) {
    const time = await steps[0]();
    ratios.push(time / (await steps[1]()));
  }
  return ratios.slice(4).sort((a, b) => a - b)[5];
}
