// Trains a network on Fashion-MNIST with jax-js: plain, and cross-regularized with learned noise.
//   node src/main.mjs [--net mlp|conv] [--epochs 30] [--train 2500] [--test 2500] [--device wasm] [--seed 1]
import { parseArgs } from 'node:util';
import { evaluate } from '@crossreg/calibration';
import { fashionMnist, split } from '@crossreg/datasets';
import { defaultDevice, init } from '@jax-js/jax';
import { convolutional, mlp } from './networks.mjs';
import { train } from './train.mjs';

const { values } = parseArgs({
  options: {
    net: { type: 'string', default: 'mlp' },
    epochs: { type: 'string', default: '30' },
    train: { type: 'string', default: '2500' },
    test: { type: 'string', default: '2500' },
    device: { type: 'string', default: 'wasm' },
    seed: { type: 'string', default: '1' },
  },
});
const network = { mlp, conv: convolutional }[values.net];
if (!network) throw new Error(`--net must be mlp or conv, but is ${values.net}.`);
const [epochs, trainSize, testSize, seed] = [values.epochs, values.train, values.test, values.seed].map(
  Number,
);
// The device is requested by name, because on Node 20 jax-js fails when it tries the backends of browsers.
if (!(await init(values.device)).includes(values.device))
  throw new Error(`The device ${values.device} is not available.`);
defaultDevice(values.device);

const data = await fashionMnist({ train: trainSize, test: testSize, seed });
const [fit, regularization] = split(data.train, { fraction: 0.2, seed });
const runs = {
  // The plain network also gets the images that cross-regularization keeps for ρ.
  'plain, all images': { data: data.train },
  'cross-regularized': { data: fit, regularization },
};
console.log(`${values.net} on ${trainSize} images, ${epochs} epochs, jax-js on ${values.device}\n`);
console.log(`${''.padEnd(18)}  accuracy    NLL    ECE  seconds`);
for (const [name, run] of Object.entries(runs)) {
  const result = await train({ network, ...run, test: data.test, epochs, seed });
  const { accuracy, nll, ece } = evaluate(result.probabilities, data.test.labels);
  const numbers = [(100 * accuracy).toFixed(1), nll.toFixed(3), ece.toFixed(3), result.seconds.toFixed(0)];
  console.log(
    `${name.padEnd(18)}  ${numbers[0].padStart(6)} %  ${numbers[1]}  ${numbers[2]}  ${numbers[3].padStart(7)}`,
  );
  if (run.regularization) {
    const sigma = Object.entries(result.record.rho).map(
      ([layer, { value }]) => `${layer} ${value.at(-1).toFixed(2)} (${result.status[layer].status})`,
    );
    console.log(`\nσ after ${result.record.step.length} ρ steps: ${sigma.join(', ')}`);
  }
}
