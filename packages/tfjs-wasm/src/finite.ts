import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';

/** 1 if every number of every tensor is finite, else 0. `@crossreg/tfjs` calls it. Inputs are named by position. */
export const allFinite = defineKernel<Record<string, TensorInfo>>(
  'CrossregAllFinite',
  ({ inputs, backend, kernels }) => {
    const out = backend.makeOutput([], 'float32');
    const arrays = Object.values(inputs).map((tensor) => [kernels.address(tensor), sizeOf(tensor.shape)]);
    if (kernels.runNative('allFinite', () => [kernels.address(out), ...arrays.flat()])) return out;
    const at = kernels.address(out) >>> 2;
    kernels.numbers()[at] = 1;
    for (const [address, size] of arrays) kernels.run('allFinite', 1, [address, size, at << 2]);
    return out;
  },
);
