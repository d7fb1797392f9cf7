import { reshape, sum, type Tensor, Tile, type TileAttrs } from '@tensorflow/tfjs-core';
import { defineGradient } from './gradient';

/**
 * Copies of an array next to each other. TensorFlow.js's gradient slices every copy out and adds it up, tens of thousands of
 * kernels for the layer normalization of a batch of sequences; the copies on axes of their own are one sum.
 */
export const tile = defineGradient(Tile, (dy, saved, attrs) => {
  const { reps } = attrs as unknown as TileAttrs;
  const { shape } = saved[0];
  const split: number[] = [];
  const copies: number[] = [];
  shape.forEach((size, axis) => {
    if (reps[axis] !== 1) copies.push(split.push(reps[axis]) - 1);
    split.push(size);
  });
  if (split.length > 6) return undefined;
  return { x: () => reshape(sum(reshape(dy as Tensor, split), copies), shape) };
});
