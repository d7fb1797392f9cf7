// Checks a GPU at size, where dispatches and buffers reach limits, and that a training step does not read from it. Run by
// scripts/gpu and by scripts/backends.mjs --large in a folder where the packages are installed.
//
//   node large.mjs
//
// Prints one line of JSON: the failure of each check, or null. Expected numbers are computed here, or on cpu.
import { addNoise, deriveKey, gaussian } from '@crossreg/tfjs';
import { fillGaussian } from '@crossreg/tfjs/internal';
import { warp } from '@crossreg/tfjs-augment';
import { crossRegularization, injectNoise } from '@crossreg/tfjs-layers';
import { useBestBackend } from '@crossreg/tfjs-node';
import * as tf from '@tensorflow/tfjs';
import { trainingKernels } from './training.mjs';

function assert(holds, message) {
  if (!holds) throw new Error(message);
}
/** Compares all numbers of a large tensor. */
function each(what, values, expected, tolerance = 0) {
  for (let i = 0; i < values.length; i++) {
    const right = expected(i);
    assert(Math.abs(values[i] - right) <= tolerance, `${what}: number ${i} is ${values[i]}, not ${right}`);
  }
}

/** More numbers than 65,535 workgroups of 64 threads compute, with four numbers per thread. */
const MANY = 65_535 * 64 * 4 + 1001;
const ROWS = 3_000_000;

const checks = {
  'elementwise, 17 million': async () => {
    // Small integers, because the backend computes integers in float32, which is exact up to 2^24.
    const x = tf.tile(tf.range(0, 1009, 1, 'int32'), [Math.ceil(MANY / 1009)]);
    each('x + 5', await tf.add(x, tf.scalar(5, 'int32')).data(), (i) => (i % 1009) + 5);
    const larger = tf.where(tf.greater(x, tf.scalar(500, 'int32')), x, tf.zerosLike(x));
    each('one of two', await larger.data(), (i) => (i % 1009 > 500 ? i % 1009 : 0));
  },
  'noise, 17 million': async () => {
    const expected = new Float32Array(MANY);
    fillGaussian(expected, deriveKey(3));
    each('gaussian', await gaussian([MANY], deriveKey(3)).data(), (i) => expected[i], 2e-5);
    const noisy = addNoise(tf.ones([MANY]), tf.scalar(2), deriveKey(3));
    each('addNoise', await noisy.data(), (i) => 1 + 2 * expected[i], 4e-5);
  },
  'warp, 4 million numbers and 70,000 images': async () => {
    const shifted = (count) => tf.tile(tf.tensor3d([1, 0, 1, 0, 1, 0], [1, 2, 3]), [count, 1, 1]);
    const size = 260;
    const columns = tf.tile(tf.reshape(tf.range(0, size), [1, 1, size, 1]), [64, size, 1, 1]);
    // Every pixel takes the value of the one to its right.
    const moved = await warp(columns, shifted(64), { mode: 'wrap' }).data();
    each('columns', moved, (i) => ((i % size) + 1) % size);
    const [images, maps] = [
      tf.tile(tf.range(0, 4).reshape([1, 2, 2, 1]), [70_000, 1, 1, 1]),
      shifted(70_000),
    ];
    const slopes = tf.grad((m) => tf.sum(warp(images, m, { mode: 'wrap' })))(maps);
    // Pixels 0 1 | 2 3, read at 1 and 2, where the next one is pixel 0 again: slopes −1 and 1, which meet x = −½ and ½.
    each('gradients', await slopes.slice([0, 0, 0], [-1, 1, 1]).data(), () => 2, 1e-5);
  },
  'reductions over 3 million rows': async () => {
    const index = tf.range(0, ROWS, 1, 'int32');
    // 1 in every third row, and a column of zeros but for one.
    const third = tf.cast(tf.equal(tf.mod(index, tf.scalar(3, 'int32')), 0), 'float32');
    const peak = tf.cast(tf.equal(index, ROWS - 2), 'float32');
    const x = tf.stack([third, peak], 1);
    each('sums of rows', await tf.sum(x, 0).data(), (i) => [ROWS / 3, 1][i]);
    each('means', await tf.mean(x, 0).data(), (i) => [1 / 3, 1 / ROWS][i], 1e-6);
    each('largest', await tf.max(x, 0).data(), () => 1);
    each('argMax', await tf.argMax(x, 0).data(), (i) => [0, ROWS - 2][i]);
    const { variance } = tf.moments(x, 0);
    each('variance', await variance.slice([0], [1]).data(), () => 2 / 9, 1e-4);
    each(
      'products',
      await tf.matMul(x, x, true, false).data(),
      (i) => [ROWS / 3, Number((ROWS - 2) % 3 === 0), Number((ROWS - 2) % 3 === 0), 1][i],
    );
  },
  'a buffer beyond what the device binds': async () => {
    const limit = tf.backend().device?.limits.maxStorageBufferBindingSize;
    if (limit === undefined || limit > 2 ** 31) return;
    const x = tf.ones([limit / 4 + 1024]);
    const first = tf.slice(tf.add(x, 1), [0], [1]);
    const said = await first.data().then(
      ([value]) => (value === 2 ? 'right' : `a wrong number, ${value}`),
      (error) => error.message,
    );
    assert(said === 'right' || /the GPU rejected an operation/.test(said), said);
  },
};

/** Counts the reads from the device. */
function countReads() {
  const backend = tf.backend();
  let count = 0;
  const former = { read: backend.read, readSync: backend.readSync };
  for (const [name, read] of Object.entries(former)) {
    backend[name] = function counted(dataId) {
      // Tensors that are still in the program's memory are not read from the device.
      if (!backend.tensorMap?.get(dataId)?.values) count++;
      return read.call(backend, dataId);
    };
  }
  return { count: () => count, stop: () => Object.assign(backend, former) };
}
checks['no training step reads'] = async () => {
  const model = injectNoise(
    tf.sequential({
      layers: [
        tf.layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 1] }),
        tf.layers.batchNormalization(),
        tf.layers.reLU(),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2, activation: 'softmax' }),
      ],
    }),
  );
  model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
  const data = (count) => [
    tf.ones([count, 8, 8, 1]),
    tf.oneHot(tf.range(0, count, 1, 'int32').mod(tf.scalar(2, 'int32')), 2),
  ];
  const [x, y] = data(48);
  const cross = crossRegularization({ regularizationData: data(8), every: 3 });
  const reads = countReads();
  const seen = [];
  const note = async () => {
    seen.push(reads.count());
  };
  // The first callback, because its epoch ends before that of the callback that reads. Not a `CustomCallback`, which reads the
  // logs.
  const watch = Object.assign(new tf.Callback(), { onEpochBegin: note, onEpochEnd: note });
  const args = { epochs: 1, batchSize: 8, shuffle: false, verbose: 0, yieldEvery: 'never' };
  await model.fit(x, y, { ...args, callbacks: [watch, cross] });
  reads.stop();
  const [begun, ended] = seen;
  // A ρ step requests its row of the history, without waiting.
  const rhoSteps = cross.history.step.length;
  assert(
    rhoSteps === 2 && ended - begun <= rhoSteps,
    `${ended - begun} reads in six steps, two of them with a ρ step`,
  );
  assert(reads.count() > begun, 'no read is seen');
};

const { details } = await useBestBackend({ require: process.argv[2] ?? 'webgpu' });
const backend = tf.getBackend();
const results = {};
// The buffer that is too large comes last, because nothing can be read after it.
const last = 'a buffer beyond what the device binds';
const run = async (name) => {
  tf.engine().startScope();
  results[name] = await checks[name]().then(
    () => null,
    (error) => error.message,
  );
  tf.engine().endScope();
};
for (const name of Object.keys(checks).filter((each) => each !== last)) await run(name);
const kernels = await trainingKernels();
const wrong = Object.entries(kernels).filter(([, problem]) => problem);
results[`${Object.keys(kernels).length} layers, losses and optimizers as on cpu`] =
  wrong.length > 0 ? wrong.map(([name, problem]) => `${name}: ${problem}`).join('; ') : null;
await run(last);
console.log(JSON.stringify({ backend, details, results }));
process.exit(0);
