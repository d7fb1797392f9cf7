import { beforeAll, describe, test } from 'vitest';
import { watchBackend } from '../test/watchBackend';

const backend = watchBackend();
const { frameworkContract } = await import('@crossreg/core/testing');
const { defaultDevice, init } = await import('@jax-js/jax');
const { eager } = await import('./framework');

describe('wasm', () => {
  beforeAll(async () => {
    await init('wasm');
    defaultDevice('wasm');
  });
  const counts = { liveArrays: () => backend.buffers, compiledKernels: () => backend.kernels };
  for (const { name, run } of frameworkContract(eager, counts)) test(name, run);
});

describe('cpu', () => {
  beforeAll(async () => {
    await init('cpu');
    defaultDevice('cpu');
  });
  for (const { name, run } of frameworkContract(eager)) test(name, run);
});
