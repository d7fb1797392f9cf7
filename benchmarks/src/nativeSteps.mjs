// Run by scripts/nativeCost.mjs, which copies it and its imports into a folder that has the native binding. The last line is
// the time of a plain step in milliseconds, for the comparison with Keras.
import { smallConvNet } from '@crossreg/experiment-shared/smallConvNet.mjs';
import { useBestBackend } from '@crossreg/tfjs-node';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { compiled, images, median, overhead, showShares, timed } from './overhead.mjs';
import { training } from './wasm/networks.mjs';

const { chosen, details } = await useBestBackend({ require: 'tfjs-node' });
const { plainStep, shares } = await overhead(smallConvNet);
console.log(`cost relative to plain training steps: quickstart network, batch 64, ${chosen} (${details})`);
showShares(shares);

const { threads } = await useWasm();
const quickstart = async () => {
  const [x, y] = (await images()).batch;
  return { model: compiled(smallConvNet(1)), x, y };
};
for (const [name, make, rounds] of [
  ['quickstart network', quickstart, 40],
  ['VGG-like network', () => training('vgg', 64), 12],
]) {
  const steps = {};
  for (const backend of ['tensorflow', 'wasm']) {
    await tf.setBackend(backend);
    const { model, x, y } = await make();
    steps[backend] = async () => {
      await tf.setBackend(backend);
      return timed(() => model.trainOnBatch(x, y));
    };
  }
  const ratios = [];
  for (let i = 0; i < rounds; i++) ratios.push((await steps.tensorflow()) / (await steps.wasm()));
  console.log(
    `${name}: a plain step takes ${median(ratios.slice(3)).toFixed(2)} times as long as on wasm (${threads} threads)`,
  );
}
console.log(plainStep);
process.exit(0);
