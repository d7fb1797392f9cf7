import { evaluate } from '@crossreg/calibration';
import { fashionMnist, split } from '@crossreg/datasets';
import { defaultDevice, init } from '@jax-js/jax';
import { convolutional, mlp } from './networks.mjs';
import { train } from './train.mjs';

const networks = { mlp, conv: convolutional };
/** All options, with their defaults, as text: from a command line or the address of a page. */
export const defaults = {
  net: 'mlp',
  epochs: '30',
  train: '2500',
  test: '2500',
  device: 'wasm',
  seed: '1',
};

/**
 * Trains a network on Fashion-MNIST twice, plain and cross-regularized by learned noise, and prints a table.
 *
 * @param options - see {@link defaults}.
 * @param print - gets one line at a time.
 * @param onEpoch - called after every epoch, and awaited.
 */
export async function compare(options, print, onEpoch) {
  const { net, device, ...numbers } = { ...defaults, ...options };
  const network = networks[net];
  if (!network) throw new Error(`net must be mlp or conv, but is ${net}.`);
  const { epochs, train: trainSize, test: testSize, seed } = mapValues(numbers, Number);
  for (const [name, text] of Object.entries(numbers)) {
    if (!/^[1-9]\d*$/.test(text)) throw new Error(`${name} must be a whole number above 0, but is ${text}.`);
  }
  // The device is requested by name, because on Node 20 jax-js fails when it tries the backends of browsers.
  if (!(await init(device)).includes(device)) throw new Error(`The device ${device} is not available.`);
  defaultDevice(device);

  const data = await fashionMnist({ train: trainSize, test: testSize, seed });
  const [fit, regularization] = split(data.train, { fraction: 0.2, seed });
  const runs = {
    // The plain network also gets the images that cross-regularization keeps for ρ.
    'plain, all images': { data: data.train },
    'cross-regularized': { data: fit, regularization },
  };
  print(`${net} on ${trainSize} images, ${epochs} epochs, jax-js on ${device}\n`);
  print(`${''.padEnd(18)}  accuracy    NLL    ECE  seconds`);
  for (const [name, run] of Object.entries(runs)) {
    const result = await train({ network, ...run, test: data.test, epochs, seed, onEpoch });
    const { accuracy, nll, ece } = evaluate(result.probabilities, data.test.labels);
    const row = [(100 * accuracy).toFixed(1), nll.toFixed(3), ece.toFixed(3), result.seconds.toFixed(0)];
    print(`${name.padEnd(18)}  ${row[0].padStart(6)} %  ${row[1]}  ${row[2]}  ${row[3].padStart(7)}`);
    if (run.regularization) {
      const sigma = Object.entries(result.record.rho).map(
        ([layer, { value }]) => `${layer} ${value.at(-1).toFixed(2)} (${result.status[layer].status})`,
      );
      print(`\nσ after ${result.record.step.length} ρ steps: ${sigma.join(', ')}`);
    }
  }
}

const mapValues = (object, f) => Object.fromEntries(Object.entries(object).map(([key, x]) => [key, f(x)]));
