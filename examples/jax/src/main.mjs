// Trains a network on Fashion-MNIST with jax-js: plain, and cross-regularized with learned noise.
//   node src/main.mjs [--net mlp|conv] [--epochs 30] [--train 2500] [--test 2500] [--device wasm] [--seed 1]
import { parseArgs } from 'node:util';
import { compare, defaults } from './compare.mjs';

const options = Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: 'string' }]));
await compare(parseArgs({ options }).values, console.log);
