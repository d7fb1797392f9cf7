// Step times of @crossreg/jax on jax-js's wasm backend: next to the same loop written by hand in jax-js, and next to TensorFlow.js
// on wasm, one thread, with the kernels of @crossreg/tfjs-wasm. An MLP 784-256-128-10 with learned noise, batch 64, a ρ step of
// 4 samples every 20 steps. Medians of whole rounds (20 training steps and the ρ step that follows), taken alternately in one
// process, in processor time, which other work on the machine disturbs less than wall-clock time.
import { cpus } from 'node:os';
import * as core from '@crossreg/core';
import { adam, addNoise, averagedPrediction, crossRegularize, noiseOptimizer } from '@crossreg/jax';
import { addNoise as addNoiseTf, deriveKey, tfjs, trainOptimizer } from '@crossreg/tfjs';
import { useWasm } from '@crossreg/tfjs-wasm';
import {
  blockUntilReady,
  defaultDevice,
  init,
  jit,
  nn,
  numpy as np,
  random,
  tree,
  valueAndGrad,
} from '@jax-js/jax';
import * as tf from '@tensorflow/tfjs';
import { median } from './overhead.mjs';

const [BATCH, EVERY, SAMPLES, ROUNDS] = [64, 20, 4, process.argv.includes('--quick') ? 3 : 11];
const widths = [784, 256, 128, 10];
await useWasm({ threads: 1 });
await init('wasm');
defaultDevice('wasm');

/** The same weights and images for all loops. */
const x = tf.randomUniform([BATCH, 784], 0, 1, 'float32', 1);
const y = tf
  .oneHot(
    tf.tensor1d(
      Array.from({ length: BATCH }, (_, i) => i % 10),
      'int32',
    ),
    10,
  )
  .cast('float32');
const kernels = widths
  .slice(1)
  .map((width, i) => tf.randomNormal([widths[i], width], 0, Math.sqrt(2 / widths[i]), 'float32', i + 1));

function tensorflow() {
  const theta = kernels.flatMap((kernel) => [tf.variable(kernel), tf.variable(tf.zeros([kernel.shape[1]]))]);
  const rho = [0, 1].map((i) =>
    core.regularizationParameter(tfjs, {
      name: `noise${i}`,
      variable: tf.variable(tf.scalar(Math.log(0.3)), false),
    }),
  );
  const logits = (inputs, seed) =>
    [0, 1, 2].reduce((h, i) => {
      const linear = tf.add(tf.matMul(h, theta[2 * i]), theta[2 * i + 1]);
      return i < 2 ? tf.relu(addNoiseTf(linear, rho[i].value(), deriveKey(seed, i))) : linear;
    }, inputs);
  const run = core.createTrainer({
    framework: tfjs,
    theta,
    rho,
    trainLoss: (_, { seed }) => tf.losses.softmaxCrossEntropy(y, logits(x, seed)),
    regularizationLoss(_, { samples, seed }) {
      const drawn = tf.reshape(logits(tf.tile(x, [samples, 1]), seed), [samples, BATCH, 10]);
      return tf.losses.softmaxCrossEntropy(y, core.averagePredictions(tfjs, drawn, 'logits'));
    },
    schedule: { every: EVERY, samples: SAMPLES },
    thetaOptimizer: trainOptimizer(tf.train.adam(1e-3)),
    rhoOptimizer: core.noiseOptimizer({ every: EVERY }),
  });
  return async () => run.step(x, () => x).dispose();
}

/** The common part of both loops in jax-js. */
function problem() {
  const params = kernels.map((kernel) => ({
    kernel: np.array(kernel.dataSync().slice(), { shape: kernel.shape }),
    bias: np.zeros([kernel.shape[1]]),
  }));
  const forward = (layers, sigma, input, key, antithetic = false) => {
    const keys = random.split(key, 2);
    const out = layers.reduce((h, { kernel, bias }, i) => {
      const linear = np.dot(h, kernel).add(bias);
      return i < 2 ? nn.relu(addNoise(linear, sigma[i], keys.ref.slice(i), { antithetic })) : linear;
    }, input);
    keys.dispose();
    return out;
  };
  const crossEntropy = (logits, target) => np.negative(np.mean(np.sum(nn.logSoftmax(logits).mul(target), 1)));
  const batch = {
    x: np.array(x.dataSync().slice(), { shape: x.shape }),
    y: np.array(y.dataSync().slice(), { shape: y.shape }),
  };
  return {
    params,
    batch,
    trainLoss: (layers, sigma, one, key) => crossEntropy(forward(layers, sigma, one.x, key), one.y),
    regularizationLoss(layers, sigma, one, key, samples) {
      const draw = (copies, own, antithetic) => forward(layers, sigma, copies, own, antithetic);
      return crossEntropy(averagedPrediction(draw, one.x, key, { samples, averaging: 'logits' }), one.y);
    },
  };
}

function jaxPackage() {
  const { params, batch, trainLoss, regularizationLoss } = problem();
  const optimizer = adam({ learningRate: 1e-3 });
  const method = crossRegularize({
    trainLoss,
    regularizationLoss,
    optimizer,
    every: EVERY,
    samples: SAMPLES,
  });
  const key = random.key(1);
  let state = method.init(params, [0.3, 0.3]);
  return async () => {
    let loss;
    [state, loss] = method.step(state, tree.ref(batch), () => tree.ref(batch), key.ref);
    await blockUntilReady(loss);
    loss.dispose();
  };
}

function jaxByHand() {
  const { params: start, batch, trainLoss, regularizationLoss } = problem();
  const [optimizer, rhoOptimizer] = [adam({ learningRate: 1e-3 }), noiseOptimizer({ every: EVERY })];
  const half = (loss, { update }) =>
    jit((moved, fixed, state, one, key) => {
      const [value, gradients] = valueAndGrad((m) => loss(m, fixed, one, key))(tree.ref(moved));
      const [updates, next] = update(gradients, state, tree.ref(moved));
      return { value, moved: tree.map((a, b) => a.add(b), moved, updates), state: next };
    });
  const theta = half((p, r, one, key) => trainLoss(p, tree.map(np.exp, r), one, key), optimizer);
  const rho = half(
    (r, p, one, key) => regularizationLoss(p, tree.map(np.exp, r), one, key, SAMPLES),
    rhoOptimizer,
  );
  let [params, raw, key, step] = [
    start,
    [Math.log(0.3), Math.log(0.3)].map((v) => np.array([v]).reshape([])),
    random.key(1),
    0,
  ];
  let [state, rhoState] = [optimizer.init(tree.ref(params)), rhoOptimizer.init(tree.ref(raw))];
  return async () => {
    const keys = random.split(key, 2);
    key = keys.ref.slice(0);
    const own = keys.slice(1);
    const trained = theta(params, tree.ref(raw), state, tree.ref(batch), own.ref);
    [params, state] = [trained.moved, trained.state];
    if (++step % EVERY === 0) {
      const moved = rho(raw, tree.ref(params), rhoState, tree.ref(batch), own.ref);
      [raw, rhoState] = [moved.moved, moved.state];
      moved.value.dispose();
    }
    own.dispose();
    await blockUntilReady(trained.value);
    trained.value.dispose();
  };
}

const processorTime = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const loops = {
  '@crossreg/jax': jaxPackage(),
  'jax-js by hand': jaxByHand(),
  'TensorFlow.js on wasm': tensorflow(),
};
const times = Object.fromEntries(Object.keys(loops).map((name) => [name, []]));
for (let round = -2; round < ROUNDS; round++) {
  for (const [name, step] of Object.entries(loops)) {
    const started = processorTime();
    for (let i = 0; i < EVERY; i++) await step();
    if (round >= 0) times[name].push((processorTime() - started) / EVERY);
  }
}
console.log(
  `${cpus()[0].model}, Node ${process.version}, one thread; processor time in milliseconds per training step, including ρ steps\n`,
);
const own = median(times['@crossreg/jax']);
for (const [name, each] of Object.entries(times)) {
  const middle = median(each);
  console.log(
    `${name.padEnd(22)} ${middle.toFixed(2).padStart(7)}   @crossreg/jax takes ${(own / middle).toFixed(2)} times as long`,
  );
}
process.exit(0);
