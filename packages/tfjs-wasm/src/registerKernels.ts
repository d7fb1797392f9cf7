import '@tensorflow/tfjs-backend-wasm';
import { getKernel, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import { fuseActivations } from './activationLayer';
import { batchNorm, batchNormSums, normalizeBatch, normalizeBatchInput, scaleRows } from './batchNorm';
import { fuseBatchNormalization } from './batchNormLayer';
import { conv2D, conv2DBackpropFilter, conv2DBackpropInput, fusedConv2D } from './convolution';
import { conv3D, conv3DBackpropFilter, conv3DBackpropInput } from './convolution3d';
import type { KernelDefinition } from './define';
import {
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
  depthwiseConv2d,
  fusedDepthwiseConv2d,
} from './depthwise';
import { einsum } from './einsum';
import { scaledProduct, square } from './elementwise';
import { allFinite } from './finite';
import { gather } from './gather';
import { cast, identity } from './identity';
import { differentiateLazily } from './lazyGradient';
import { batchMatMul, fusedMatMul } from './matrixProduct';
import { movingDeviation } from './movingDeviation';
import { addNoise, gaussian, noiseProducts } from './noise';
import { optimizerSteps } from './optimizerStep';
import { fuseOptimizers } from './optimizers';
import { avgPool, maxPool, maxPoolGrad } from './pooling';
import { leakyRelu, rectifierGradient, relu, relu6 } from './rectifiers';
import { mean, spread, sum } from './reduction';
import { unsortedSegmentSum } from './segmentSum';
import { tile } from './tile';
import { warp, warpGradient } from './warp';

const definitions: readonly KernelDefinition[] = [
  addNoise,
  allFinite,
  batchMatMul,
  batchNorm,
  batchNormSums,
  cast,
  conv2D,
  conv2DBackpropFilter,
  conv2DBackpropInput,
  conv3D,
  conv3DBackpropFilter,
  conv3DBackpropInput,
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
  depthwiseConv2d,
  fusedDepthwiseConv2d,
  einsum,
  fusedConv2D,
  fusedMatMul,
  gather,
  gaussian,
  identity,
  avgPool,
  maxPool,
  maxPoolGrad,
  mean,
  movingDeviation,
  noiseProducts,
  ...optimizerSteps,
  normalizeBatch,
  normalizeBatchInput,
  leakyRelu,
  rectifierGradient,
  relu,
  relu6,
  scaledProduct,
  scaleRows,
  spread,
  square,
  sum,
  tile,
  unsortedSegmentSum,
  warp,
  warpGradient,
];

/** Survives a second copy of this package in the same program, as a bundler or two module systems make. */
const REGISTERED = Symbol.for('@crossreg/tfjs-wasm registered');
const flags = globalThis as { [REGISTERED]?: WeakSet<object> };

/**
 * Registers the kernels and gradients of this package for the `wasm` backend. Importing the package already does that; a second
 * call does nothing. Kernels that another package has registered under the same names are replaced, and remain in use for the
 * cases that ours do not cover.
 */
export function registerKernels(): void {
  fuseOptimizers();
  differentiateLazily();
  fuseBatchNormalization();
  fuseActivations();
  // The registry itself remembers: two copies of tfjs-core have two registries.
  flags[REGISTERED] ??= new WeakSet();
  const probe = getKernel(definitions[0].kernelName, 'wasm');
  if (probe && flags[REGISTERED].has(probe)) return;
  for (const { kernelName, configure } of definitions) {
    const stock = getKernel(kernelName, 'wasm');
    const config = configure(stock);
    if (stock) unregisterKernel(kernelName, 'wasm');
    registerKernel(config);
    flags[REGISTERED].add(config);
  }
}

registerKernels();
