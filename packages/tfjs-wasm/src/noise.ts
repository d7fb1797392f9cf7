import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';
import { FusedPasses } from './fusedPasses';
import type { Kernels } from './kernels';
import { sumMiddle } from './reduction';

/**
 * Two 32-bit integers that name the stream: the first is the start of the counter, and the second enters between the hashes.
 */
interface KeyAttrs {
  k0: number;
  k1: number;
}

interface AddedAttrs extends KeyAttrs {
  /** Whether the second half of the rows has the numbers of the first half with the opposite sign. Default false. */
  mirrored?: boolean;
}

/** Numbers in a unit of assembly/noise.ts. */
const UNIT = 4096;
const units = (count: number) => Math.ceil(count / UNIT);
const constants = (kernels: Kernels) => kernels.resident('noiseConstants', 92);

/** ε of the stream of a key, in a given shape. */
export const gaussian = defineKernel<object, KeyAttrs & { shape: number[] }>(
  'CrossregGaussian',
  ({ attrs: { shape, k0, k1 }, backend, kernels }) => {
    const out = backend.makeOutput(shape, 'float32');
    const count = sizeOf(shape);
    const native = () => [kernels.address(out), count, k0, k1];
    if (kernels.runNative('noise', native)) return out;
    kernels.run(
      'gaussian',
      units(count),
      [kernels.address(out), count, k0, k1, constants(kernels)],
      UNIT * 2,
    );
    return out;
  },
);

/** x + scale · ε; `scale` a scalar or one number for each entry of the last axis. */
export const addNoise = defineKernel<{ x: TensorInfo; scale: TensorInfo }, AddedAttrs>(
  'CrossregAddNoise',
  ({ inputs: { x, scale }, attrs: { k0, k1, mirrored = false }, backend, kernels }) => {
    const fused = FusedPasses.of(kernels, backend);
    // A vector is one row, which has no halves.
    const rows = x.shape.length > (mirrored ? 1 : 0);
    if (fused && rows && sizeOf(x.shape) > 0) return fused.addNoise(x, { scale, k0, k1, mirrored });
    const out = backend.makeOutput(x.shape, 'float32');
    const [count, channels] = [drawnOf(x.shape, mirrored), sizeOf(scale.shape)];
    kernels.scratch([(channels + 8) * 4], (table) => {
      const heap = kernels.heap();
      const [from, to] = [kernels.address(scale) >>> 2, table >>> 2];
      for (let i = 0; i < channels + 8; i++) heap[to + i] = heap[from + (i % channels)];
      const args = [
        kernels.address(x),
        table,
        kernels.address(out),
        count,
        channels,
        k0,
        k1,
        constants(kernels),
        mirrored ? count : 0,
      ];
      kernels.run('addNoise', units(count), args, UNIT * 2);
    });
    return out;
  },
);

/** The number of Gaussian numbers drawn for an array. */
const drawnOf = (shape: readonly number[], mirrored: boolean) => sizeOf(shape) / (mirrored ? 2 : 1);

/** Σ dy · ε, over everything or (with `channels`) over all axes but the last: the gradient of the scale. */
export const noiseProducts = defineKernel<{ dy: TensorInfo }, AddedAttrs & { perChannel: boolean }>(
  'CrossregNoiseProducts',
  ({ inputs: { dy }, attrs: { perChannel, k0, k1, mirrored = false }, backend, kernels }) => {
    const count = drawnOf(dy.shape, mirrored);
    const fused = count > 0 ? FusedPasses.of(kernels, backend) : undefined;
    if (fused) return fused.noiseSums(dy, perChannel, { k0, k1, mirrored });
    const channels = perChannel ? dy.shape[dy.shape.length - 1] : 1;
    const out = backend.makeOutput(perChannel ? [channels] : [], 'float32');
    // Whole rows of eight channels, so that every unit starts at channel 0 and on an even position.
    const size = 8 * channels * Math.ceil(UNIT / (8 * channels));
    const rows = Math.ceil(count / size);
    const bytes = [rows * channels * 4, rows * (channels + 8) * 4];
    kernels.scratch(bytes, (partial, sums) => {
      const args = [
        ...[kernels.address(dy), partial, sums, count, channels, k0, k1, constants(kernels), size],
        mirrored ? count : 0,
      ];
      kernels.run('noiseProducts', rows, args, size * 2);
      sumMiddle(kernels, partial, kernels.address(out), { outer: 1, reduced: rows, inner: channels });
    });
    return out;
  },
);
