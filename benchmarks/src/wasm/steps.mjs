import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { injectNoise } from '@crossreg/tfjs-layers';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { median, processorSeconds, quick, wallSeconds, watchOthers } from './measure.mjs';
import { convolutionFlop, networks, training } from './networks.mjs';

const BATCH = 64;
const threads = Math.max(2, availableParallelism());
const rounds = quick ? 4 : 8;
async function imagesPerSecond(steps, batch, clock) {
  const times = steps.map(() => []);
  for (let round = -2; round < rounds; round++) {
    for (const [i, step] of steps.entries()) {
      const started = clock();
      await step();
      if (round >= 0) times[i].push(clock() - started);
    }
  }
  return times.map((each) => batch / median(each));
}
function pytorch(count) {
  const script = fileURLToPath(new URL('./networks.py', import.meta.url));
  for (const python of ['python3', '/usr/bin/python3']) {
    const { status: ended, stdout } = spawnSync(python, [script, `${BATCH}`, `${count}`], {
      encoding: 'utf8',
    });
    if (ended === 0) return JSON.parse(stdout);
  }
  return undefined;
}
/** Whole training steps: cpu, ours on one thread and on all, PyTorch if it is there. */
export async function wholeSteps() {
  const torch = { one: pytorch(1), all: pytorch(threads) };
  const others = watchOthers();
  const steps = {};
  for (const name of Object.keys(networks)) {
    const row = {};
    await tf.setBackend('cpu');
    {
      const { model, x, y } = training(name, 2);
      const started = processorSeconds();
      await model.trainOnBatch(x, y);
      row.cpu = 2 / (processorSeconds() - started);
    }
    await tf.setBackend('wasm');
    const { model, x, y } = training(name, BATCH);
    const noisy = injectNoise(networks[name]());
    noisy.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy' });
    const on = (count, net) => async () => {
      await useWasm({ threads: count });
      await net.trainOnBatch(x, y);
    };
    await useWasm({ threads: 1 });
    [row.one, row.noisy] = await imagesPerSecond([on(1, model), on(1, noisy)], BATCH, processorSeconds);
    await useWasm({ threads });
    [row.all] = await imagesPerSecond([on(threads, model)], BATCH, wallSeconds);
    steps[name] = {
      'cpu (batch 2)': row.cpu.toFixed(2),
      'ours, 1 thread': row.one.toFixed(1),
      [`ours, ${threads} threads`]: row.all.toFixed(1),
      'PyTorch, 1 thread': torch.one?.[name].toFixed(1),
      [`PyTorch, ${threads} threads`]: torch.all?.[name].toFixed(1),
      'ours over cpu, 1 thread': Math.round(row.one / row.cpu),
      'ours over PyTorch, 1 thread': torch.one ? (row.one / torch.one[name]).toFixed(2) : undefined,
      [`ours over PyTorch, ${threads} threads`]: torch.all
        ? (row.all / torch.all[name]).toFixed(2)
        : undefined,
      'convolution GFLOP/s': ((convolutionFlop(model) * row.all) / 1e9).toFixed(1),
      'noise injection': `${((row.one / row.noisy - 1) * 100).toFixed(1)} %`,
    };
  }
  console.log(
    `\nimages a second in training, batch ${BATCH} (wasm as it comes trains none of them); ` +
      `other programs took ${(others() * 100).toFixed(0)} % of the processors meanwhile`,
  );
  console.table(steps);
  if (!torch.all) console.log('PyTorch was not found: no comparison with it.');
}

/** The share of each kernel in a step on one thread. Kernels call others: time is counted where it is spent. */
export async function shares() {
  await useWasm({ threads: 1 });
  const spent = {};
  const stack = [];
  for (const config of tf.getKernelsForBackend('wasm')) {
    const { kernelName: name, kernelFunc } = config;
    tf.unregisterKernel(name, 'wasm');
    const timed = (params) => {
      const started = performance.now();
      stack.push(0);
      try {
        return kernelFunc(params);
      } finally {
        const time = performance.now() - started;
        const inside = stack.pop();
        if (stack.length > 0) stack[stack.length - 1] += time;
        spent[name] = (spent[name] ?? 0) + time - inside;
      }
    };
    tf.registerKernel({ ...config, kernelFunc: timed });
  }
  for (const name of Object.keys(networks)) {
    const { model, x, y } = training(name, BATCH);
    await model.trainOnBatch(x, y);
    for (const key of Object.keys(spent)) delete spent[key];
    const started = performance.now();
    for (let i = 0; i < 4; i++) await model.trainOnBatch(x, y);
    const total = performance.now() - started;
    const shares = Object.entries(spent)
      .map(([key, time]) => [key, time / total])
      .sort((a, b) => b[1] - a[1]);
    const rest = 1 - shares.reduce((sum, [, share]) => sum + share, 0);
    const list = [...shares.slice(0, 10), ['outside kernels', rest]];
    console.log(
      `\n${name}: ${list.map(([key, share]) => `${key} ${(share * 100).toFixed(1)} %`).join(', ')}`,
    );
  }
}
