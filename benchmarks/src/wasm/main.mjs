// What @crossreg/tfjs-wasm makes of the machine, in one process, by medians of interleaved runs:
//   1. GFLOP/s of convolution and of both its gradients over a sweep of shapes, on one thread, next to the backend's own;
//   2. matrix products, depthwise gradients and Gaussian noise;
//   3. whole training steps of three networks: cpu, wasm as it comes, ours on one thread and on all, PyTorch if it is there;
//   4. the share of each kernel in a step.
// `--quick` takes fewer shapes and rounds.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { convolutionFlop, networks, training } from './networks.mjs';

const quick = process.argv.includes('--quick');
const BATCH = 64;
const threads = Math.max(2, availableParallelism());

const names = ['Conv2D', 'BatchMatMul'];
const stock = Object.fromEntries(names.map((name) => [name, tf.getKernel(name, 'wasm')]));
const { injectNoise } = await import('@crossreg/tfjs-layers');
const { useWasm } = await import('@crossreg/tfjs-wasm');

const median = (xs) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];
const seconds = (f) => {
  const started = performance.now();
  f();
  return (performance.now() - started) / 1e3;
};
/** Seconds of each of several functions, run in turn until all have had enough. */
function interleaved(functions, budget = quick ? 0.1 : 0.4) {
  const times = functions.map(() => []);
  for (const f of functions) f();
  for (let round = 0, spent = 0; round < 5 || (spent < budget && round < 100); round++) {
    functions.forEach((f, i) => {
      const time = seconds(f);
      times[i].push(time);
      spent += time;
    });
  }
  return times.map(median);
}

const status = await useWasm({ threads });
if (status.reason) console.log(`one thread only: ${status.reason}`);
console.log(`Node ${process.version}, ${availableParallelism()} processors`);
await useWasm({ threads: 1 });
const backend = tf.backend();
/** A kernel alone: no engine, no tape. */
const kernel = (config, inputs, attrs) => () => {
  for (const { dataId } of [config.kernelFunc({ inputs, attrs, backend })].flat())
    backend.disposeData(dataId);
};
const ours = (name) => tf.getKernel(name, 'wasm');

// 1. Convolution. [batch, pixels, channels in, channels out, filter, stride]
const shapes = [
  ...[
    [1, 32, 16, 16],
    [1, 64, 32, 32],
    [1, 16, 128, 128],
    [1, 8, 256, 256],
  ].map((s) => [...s, 3, 1]),
  ...[
    [16, 64, 16, 16],
    [16, 32, 32, 32],
    [16, 16, 64, 64],
    [16, 8, 256, 256],
    [16, 4, 256, 256],
  ].map((s) => [...s, 3, 1]),
  ...[
    [64, 32, 3, 32],
    [64, 32, 32, 32],
    [64, 16, 32, 64],
    [64, 16, 64, 64],
    [64, 8, 64, 128],
    [64, 8, 128, 128],
  ].map((s) => [...s, 3, 1]),
  ...[
    [256, 4, 64, 64],
    [256, 8, 32, 32],
    [256, 16, 8, 8],
    [256, 28, 1, 16],
  ].map((s) => [...s, 3, 1]),
  ...[
    [16, 32, 64, 64],
    [64, 16, 128, 128],
    [64, 8, 256, 64],
    [256, 4, 64, 256],
    [1, 64, 32, 64],
  ].map((s) => [...s, 1, 1]),
  ...[
    [16, 32, 16, 32],
    [64, 16, 32, 32],
    [64, 8, 64, 64],
    [256, 28, 1, 8],
  ].map((s) => [...s, 5, 1]),
  ...[
    [64, 32, 32, 64],
    [64, 16, 64, 128],
    [16, 64, 16, 32],
  ].map((s) => [...s, 3, 2]),
];
const gflops = {};
const ratios = { input: [], filter: [], forward: [] };
for (const [n, size, channels, filters, k, stride] of quick ? shapes.filter((_, i) => i % 4 === 1) : shapes) {
  const out = Math.ceil(size / stride);
  const [x, filter, dy] = [
    [n, size, size, channels],
    [k, k, channels, filters],
    [n, out, out, filters],
  ].map((shape) => tf.randomUniform(shape, -1, 1));
  const attrs = { strides: [stride, stride], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1] };
  const times = interleaved([
    kernel(stock.Conv2D, { x, filter }, attrs),
    kernel(ours('Conv2D'), { x, filter }, attrs),
    kernel(ours('Conv2DBackpropInput'), { dy, filter }, { ...attrs, inputShape: x.shape }),
    kernel(ours('Conv2DBackpropFilter'), { x, dy }, { ...attrs, filterShape: filter.shape }),
  ]);
  const flop = 2 * n * out * out * channels * filters * k * k;
  const [own, forward, input, weights] = times.map((time) => flop / time / 1e9);
  ratios.forward.push(forward / own);
  ratios.input.push(input / forward);
  ratios.filter.push(weights / forward);
  gflops[`${n}×${size}×${size}×${channels} → ${filters}, ${k}×${k}${stride > 1 ? ` / ${stride}` : ''}`] = {
    'wasm forward': own.toFixed(1),
    forward: forward.toFixed(1),
    'input gradient': input.toFixed(1),
    'filter gradient': weights.toFixed(1),
  };
  tf.dispose([x, filter, dy]);
}
console.log('\nGFLOP/s on one thread');
console.table(gflops);
const spread = (xs) => ({ least: Math.min(...xs).toFixed(2), median: median(xs).toFixed(2) });
console.log('\nratios');
console.table({
  'forward, over the backend’s own': spread(ratios.forward),
  'input gradient, over forward': spread(ratios.input),
  'filter gradient, over forward': spread(ratios.filter),
});

// 2. Other kernels.
const others = {};
for (const [rows, inner, columns] of [
  [64, 2048, 10],
  [64, 1568, 128],
  [512, 512, 512],
  [2048, 256, 256],
]) {
  const [a, b, at, bt] = [
    [rows, inner],
    [inner, columns],
    [inner, rows],
    [columns, inner],
  ].map((shape) => tf.randomUniform([1, ...shape], -1, 1));
  const flags = (transposeA, transposeB) => ({ transposeA, transposeB });
  const times = interleaved([
    kernel(stock.BatchMatMul, { a, b }, flags(false, false)),
    kernel(ours('BatchMatMul'), { a, b }, flags(false, false)),
    kernel(ours('BatchMatMul'), { a: at, b }, flags(true, false)),
    kernel(ours('BatchMatMul'), { a, b: bt }, flags(false, true)),
  ]);
  const [own, plain, first, second] = times.map((time) =>
    ((2 * rows * inner * columns) / time / 1e9).toFixed(1),
  );
  others[`${rows} × ${inner} × ${columns}`] = { 'wasm A·B': own, A·B: plain, Aᵀ·B: first, A·Bᵀ: second };
  tf.dispose([a, b, at, bt]);
}
console.log('\nGFLOP/s of matrix products on one thread');
console.table(others);
{
  const shape = [64, 32, 32, 64];
  const [count, x, scale] = [64 * 32 * 32 * 64, tf.zeros(shape), tf.ones([64])];
  const key = { k0: 1, k1: 2 };
  const times = interleaved([
    kernel(ours('CrossregGaussian'), {}, { shape, ...key }),
    kernel(ours('CrossregAddNoise'), { x, scale }, key),
    kernel(ours('CrossregNoiseProducts'), { dy: x }, { ...key, perChannel: true }),
    kernel(ours('Identity'), { x }, {}),
  ]);
  const [draw, add, products] = times.map((time) => ((time / count) * 1e9).toFixed(2));
  console.log(
    `\nnanoseconds a Gaussian number, one thread: drawn ${draw}, added ${add}, for the gradient ${products}`,
  );
  tf.dispose([x, scale]);
}

// 3. Whole steps.
const rounds = quick ? 4 : 10;
async function imagesPerSecond(steps, batch) {
  const times = steps.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, step] of steps.entries()) {
      const started = performance.now();
      await step();
      if (round >= 0) times[i].push(performance.now() - started);
    }
  }
  return times.map((each) => (batch * 1e3) / median(each));
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
const torch = { one: pytorch(1), all: pytorch(threads) };
const steps = {};
for (const name of Object.keys(networks)) {
  const row = {};
  await tf.setBackend('cpu');
  {
    const { model, x, y } = training(name, 2);
    const started = performance.now();
    await model.trainOnBatch(x, y);
    row.cpu = 2e3 / (performance.now() - started);
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
  [row.one, row.noisy] = await imagesPerSecond([on(1, model), on(1, noisy)], BATCH);
  await useWasm({ threads });
  [row.all] = await imagesPerSecond([on(threads, model)], BATCH);
  steps[name] = {
    'cpu (batch 2)': row.cpu.toFixed(2),
    'ours, 1 thread': row.one.toFixed(1),
    [`ours, ${threads} threads`]: row.all.toFixed(1),
    'PyTorch, 1 thread': torch.one?.[name].toFixed(1),
    [`PyTorch, ${threads} threads`]: torch.all?.[name].toFixed(1),
    'ours over cpu': Math.round(row.all / row.cpu),
    'ours over PyTorch': torch.all ? (row.all / torch.all[name]).toFixed(2) : undefined,
    'convolution GFLOP/s': ((convolutionFlop(model) * row.all) / 1e9).toFixed(1),
    'noise injection': `${((row.one / row.noisy - 1) * 100).toFixed(1)} %`,
  };
}
console.log(`\nimages a second in training, batch ${BATCH} (wasm as it comes trains none of them)`);
console.table(steps);
if (!torch.all) console.log('PyTorch was not found: no comparison with it.');

// 4. Shares, on one thread. Kernels call others: time is counted where it is spent.
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
  console.log(`\n${name}: ${list.map(([key, share]) => `${key} ${(share * 100).toFixed(1)} %`).join(', ')}`);
}
process.exit(0);
