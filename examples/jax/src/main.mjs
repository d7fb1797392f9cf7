// Trains a network on Fashion-MNIST with jax-js: plain, and cross-regularized with learned noise.
import { parseArgs } from 'node:util';
import { compare, defaults } from './compare.mjs';

const usage =
  'usage: node examples/jax/src/main.mjs [--net mlp|conv] [--epochs 30] [--train 2500] [--test 2500] [--device wasm] [--seed 1]';
const options = Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: 'string' }]));
function readFlags() {
  try {
    return parseArgs({ options }).values;
  } catch ({ message }) {
    console.error(`${message}\n${usage}`);
    return process.exit(2);
  }
}
await compare(readFlags(), console.log);
