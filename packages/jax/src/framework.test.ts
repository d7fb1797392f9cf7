import { frameworkContract } from '@crossreg/core/testing';
import { defaultDevice, init } from '@jax-js/jax';
import { beforeAll, describe, test } from 'vitest';
import { eager } from './framework';

describe.each(['wasm', 'cpu'] as const)('%s', (device) => {
  beforeAll(async () => {
    await init('cpu', 'wasm');
    defaultDevice(device);
  });
  for (const { name, run } of frameworkContract(eager)) test(name, run);
});
