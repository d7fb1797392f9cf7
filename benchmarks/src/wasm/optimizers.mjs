import { cpus } from 'node:os';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { interleaved } from './measure.mjs';
import { networks } from './networks.mjs';

/** Steps per measurement, because a single one is too short for the clock. */
const STEPS = 20;

const optimizers = {
  sgd: () => tf.train.sgd(1e-3),
  momentum: () => tf.train.momentum(1e-3, 0.9),
  rmsprop: () => tf.train.rmsprop(1e-3),
  adam: () => tf.train.adam(1e-3),
};
/**
 * Measures how much faster one kernel updates all weights of a network than the kernels of TensorFlow.js, on one thread.
 *
 * @param stock - `applyGradients` of TensorFlow.js by class name, as it was before `@crossreg/tfjs-wasm` replaced it.
 */
export async function optimizerSteps(stock) {
  await useWasm({ threads: 1 });
  const table = {};
  for (const network of ['mlp', 'quickstart', 'vgg']) {
    const variables = networks[network]().trainableWeights.map((weight) => weight.read());
    const gradients = Object.fromEntries(
      variables.map(({ name, shape }) => [name, tf.randomNormal(shape, 0, 1, 'float32', 1)]),
    );
    table[network] = { weights: variables.reduce((sum, { size }) => sum + size, 0) };
    for (const [name, make] of Object.entries(optimizers)) {
      const className = make().getClassName();
      const steps = [stock[className], make().applyGradients].map((apply) => {
        const optimizer = make();
        return () => {
          for (let i = 0; i < STEPS; i++) tf.tidy(() => apply.call(optimizer, gradients));
        };
      });
      const [before, after] = interleaved(steps);
      table[network][name] = (before / after).toFixed(1);
    }
  }
  console.log(`\nupdates of all weights: one wasm kernel over TensorFlow.js, ${cpus()[0].model}`);
  console.table(table);
}
