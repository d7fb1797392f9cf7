// Measures @crossreg/tfjs-wasm in one process, by medians of interleaved runs. One thread is measured in processor time, which
// other programs do not change; several threads by the clock, which needs an idle machine:
//   1. GFLOP/s of convolution and of both its gradients over a sweep of shapes, on one thread, next to the kernels of the
//   backend;
//   2. matrix products, Gaussian noise and the updates of optimizers;
//   3. whole training steps: cpu, ours on one thread and on all, PyTorch 2 and 1.13 and Keras 3, which are installed once (12
//   GB in ~/.cache/crossreg) if PyPI has them;
//   4. a quarter-width VGG-16 with learned noise, in GFLOP/s, and the share of each kernel in a step.
// `--quick` takes fewer shapes and rounds, `--steps` leaves out the first two parts and `--updates` all but the updates,
// `--native` takes the kernels of @crossreg/tfjs-native for whole steps.
import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';

// The kernels of the backend and the updates of optimizers, before ours replace them.
const stock = Object.fromEntries(['Conv2D', 'BatchMatMul'].map((name) => [name, tf.getKernel(name, 'wasm')]));
const optimizers = [tf.SGDOptimizer, tf.MomentumOptimizer, tf.RMSPropOptimizer, tf.AdamOptimizer];
const stockUpdates = Object.fromEntries(
  optimizers.map(({ className, prototype }) => [className, prototype.applyGradients]),
);
const { useWasm } = await import('@crossreg/tfjs-wasm');
const { convolutions, gaussianNoise, matrixProducts } = await import('./sweep.mjs');
const { optimizerSteps } = await import('./optimizers.mjs');
const { quarterWidth, shares, wholeSteps } = await import('./steps.mjs');

const { reason } = await useWasm({ threads: Math.max(2, availableParallelism()) });
if (reason) console.log(`one thread only: ${reason}`);
console.log(`Node ${process.version}, ${availableParallelism()} processors`);
await useWasm({ threads: 1 });
const [onlySteps, onlyUpdates] = ['--steps', '--updates'].map((flag) => process.argv.includes(flag));
if (!onlySteps && !onlyUpdates) {
  convolutions(stock);
  matrixProducts(stock);
  gaussianNoise();
}
if (!onlySteps) await optimizerSteps(stockUpdates);
if (!onlyUpdates) {
  await wholeSteps();
  await quarterWidth();
  await shares();
}
process.exit(0);
