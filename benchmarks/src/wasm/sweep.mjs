import * as tf from '@tensorflow/tfjs';
import { interleaved, median, quick } from './measure.mjs';

// Kernels without engine or tape, on one thread, next to those of the backend (`stock`).

const kernel = (config, inputs, attrs) => () => {
  const backend = tf.backend();
  for (const { dataId } of [config.kernelFunc({ inputs, attrs, backend })].flat())
    backend.disposeData(dataId);
};
const ours = (name) => tf.getKernel(name, 'wasm');

/** [batch, pixels, channels in, channels out, filter, stride] */
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

/** GFLOP/s of convolution and both its gradients over the shapes. */
export function convolutions(stock) {
  const gflops = {};
  const ratios = { input: [], filter: [], forward: [] };
  for (const [n, size, channels, filters, k, stride] of quick
    ? shapes.filter((_, i) => i % 4 === 1)
    : shapes) {
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
    'forward, relative to the backend’s kernel': spread(ratios.forward),
    'input gradient, relative to forward': spread(ratios.input),
    'filter gradient, relative to forward': spread(ratios.filter),
  });
}

export function matrixProducts(stock) {
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
}

export function gaussianNoise() {
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
    `\nnanoseconds per Gaussian number, one thread: drawn ${draw}, added ${add}, for the gradient ${products}`,
  );
  tf.dispose([x, scale]);
}
