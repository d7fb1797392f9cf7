import { availableParallelism, cpus } from 'node:os';
import { injectNoise } from '@crossreg/tfjs-layers';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { anchor, anchorNames } from './anchors.mjs';
import { median, processorSeconds, quick, wallSeconds, watchOthers } from './measure.mjs';
import { batches, convolutionFlop, networks, quarterVgg16, training } from './networks.mjs';
import { transformerStep } from './transformer.mjs';

const threads = Math.max(2, availableParallelism());
/** With the kernels of @crossreg/tfjs-native. */
const native = process.argv.includes('--native');
const rounds = quick ? 4 : 8;
/** Short steps are repeated until they take about this long. */
const ROUND_SECONDS = 0.15;
/** How long the shares of a network's kernels are measured. */
const SHARES_SECONDS = quick ? 2 : 6;

/** Seconds of a step of each of several kinds, taken alternately. */
async function secondsOf(steps, clock) {
  const times = steps.map(() => []);
  let repeats = 1;
  for (let round = -2; round < rounds; round++) {
    for (const [i, step] of steps.entries()) {
      const started = clock();
      for (let k = 0; k < repeats; k++) await step();
      const time = clock() - started;
      if (round >= 0) times[i].push(time / repeats);
      else if (i === 0) repeats = Math.max(1, Math.round((ROUND_SECONDS / time) * repeats));
    }
  }
  return times.map(median);
}

/** Examples per second of each of several kinds of steps, on one thread and on all. */
async function rates(name, kinds) {
  await useWasm({ threads: 1, native });
  const one = await secondsOf(kinds, processorSeconds);
  await useWasm({ threads, native });
  const [all] = await secondsOf(kinds.slice(0, 1), wallSeconds);
  return { one: one.map((seconds) => batches[name] / seconds), all: batches[name] / all };
}

/** The training steps that are measured of a network: plain, and with learned noise if it has layers. */
function stepsOf(name) {
  if (!(name in networks)) return { plain: transformerStep() };
  const { model, x, y } = training(name);
  const noisy = injectNoise(networks[name]());
  noisy.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy' });
  return { plain: () => model.trainOnBatch(x, y), 'with noise': () => noisy.trainOnBatch(x, y) };
}

/** Examples per second on the `cpu` backend of TensorFlow.js, with a batch of two. */
async function onCpu(name) {
  await tf.setBackend('cpu');
  const { model, x, y } = training(name, 2);
  const started = processorSeconds();
  await model.trainOnBatch(x, y);
  await tf.setBackend('wasm');
  return 2 / (processorSeconds() - started);
}

/** Whole training steps: cpu, ours on one thread and on all, and the frameworks in Python if they are installed. */
export async function wholeSteps() {
  const asked = { steps: rounds, batches };
  const found = Object.fromEntries(
    anchorNames.map((name) => [
      name,
      { one: anchor(name, { ...asked, threads: 1 }), all: anchor(name, { ...asked, threads }) },
    ]),
  );
  const others = watchOthers();
  const absolute = {};
  const ratios = {};
  for (const name of Object.keys(batches)) {
    const layers = name in networks;
    const cpu = layers ? await onCpu(name) : undefined;
    await tf.setBackend('wasm');
    const ours = await rates(name, Object.values(stepsOf(name)));
    const flop = layers ? convolutionFlop(networks[name]()) : 0;
    absolute[name] = {
      batch: batches[name],
      ...(cpu && { 'cpu (batch 2)': cpu.toFixed(2) }),
      'ours, 1 thread': ours.one[0].toFixed(0),
      [`ours, ${threads} threads`]: ours.all.toFixed(0),
      ...(flop > 0 && { 'convolution GFLOP/s': ((flop * ours.all) / 1e9).toFixed(1) }),
    };
    ratios[name] = {};
    for (const [anchorName, { one, all }] of Object.entries(found)) {
      for (const [count, its, own] of [
        ['1 thread', one, ours.one[0]],
        [`${threads} threads`, all, ours.all],
      ]) {
        const rate = its?.rates[name];
        if (!rate) continue;
        absolute[name][`${anchorName}, ${count}`] = rate.toFixed(0);
        ratios[name][`over ${anchorName}, ${count}`] = (own / rate).toFixed(2);
      }
    }
    if (layers) ratios[name]['noise injection'] = `${((ours.one[0] / ours.one[1] - 1) * 100).toFixed(1)} %`;
  }
  const versions = Object.entries(found).map(([name, { one }]) => `${name}: ${one?.version ?? 'left out'}`);
  console.log(
    `\n${cpus()[0].model}, Node ${process.version}, TensorFlow.js ${tf.version_core}, ${native ? 'native kernels' : 'wasm'}; ${versions.join('; ')}`,
  );
  console.log(
    `training examples per second (stock wasm cannot train the convolutional networks); other programs used ` +
      `${(others() * 100).toFixed(0)} % of the processors meanwhile`,
  );
  console.table(absolute);
  console.table(ratios);
}

/** GFLOP/s of the convolutions in a training step of the quarter-width VGG-16 with learned noise, batch 128. */
export async function quarterWidth() {
  const batch = 128;
  const model = injectNoise(quarterVgg16());
  model.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy' });
  const x = tf.randomUniform([batch, 32, 32, 3], -1, 1, 'float32', 1);
  const y = tf.oneHot(tf.range(0, batch, 1, 'int32').mod(tf.scalar(10, 'int32')), 10).cast('float32');
  const flop = convolutionFlop(model) * batch;
  const step = () => model.trainOnBatch(x, y);
  const speed = ([seconds]) => (flop / seconds / 1e9).toFixed(0);
  await useWasm({ threads: 1, native });
  const one = speed(await secondsOf([step], processorSeconds));
  await useWasm({ threads, native });
  const all = speed(await secondsOf([step], wallSeconds));
  console.log(
    `\nquarter-width VGG-16 with learned noise, batch ${batch}: ${one} GFLOP/s on one thread (processor time), ${all} on ${threads} (by the clock)`,
  );
}

/**
 * The share of each kernel in a step on one thread, in processor time: medians of steps, plain and with learned noise. A kernel
 * may call others; time is counted for the kernel that spends it. Deferred work counts for the kernel that does it.
 */
export async function shares() {
  await useWasm({ threads: 1, native });
  const spent = {};
  const stack = [];
  for (const config of tf.getKernelsForBackend('wasm')) {
    const { kernelName: name, kernelFunc } = config;
    tf.unregisterKernel(name, 'wasm');
    const timed = (params) => {
      const started = processorSeconds();
      stack.push(0);
      try {
        return kernelFunc(params);
      } finally {
        const time = processorSeconds() - started;
        const inside = stack.pop();
        if (stack.length > 0) stack[stack.length - 1] += time;
        spent[name] = (spent[name] ?? 0) + time - inside;
      }
    };
    tf.registerKernel({ ...config, kernelFunc: timed });
  }
  for (const name of Object.keys(batches)) {
    for (const [kind, step] of Object.entries(stepsOf(name))) {
      const steps = [];
      const begun = processorSeconds();
      // The first half warms up.
      while (steps.length < 8 || processorSeconds() - begun < SHARES_SECONDS) {
        for (const key of Object.keys(spent)) delete spent[key];
        const started = processorSeconds();
        await step();
        steps.push({ total: processorSeconds() - started, ...spent });
      }
      steps.splice(0, steps.length >> 1);
      const total = median(steps.map((step) => step.total));
      const kernels = [...new Set(steps.flatMap(Object.keys))].filter((key) => key !== 'total');
      const shares = kernels
        .map((key) => [key, median(steps.map((step) => step[key] ?? 0)) / total])
        .sort((a, b) => b[1] - a[1]);
      const rest = 1 - shares.reduce((sum, [, share]) => sum + share, 0);
      const list = [...shares.slice(0, 10), ['outside kernels', rest]];
      console.log(
        `\n${name}, ${kind}: ${list.map(([key, share]) => `${key} ${(share * 100).toFixed(1)} %`).join(', ')}`,
      );
    }
  }
}
