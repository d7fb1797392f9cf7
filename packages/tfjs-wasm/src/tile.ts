import { reshape, sum, type Tensor, type TensorInfo, Tile, type TileAttrs } from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';
import { type GradientFunction, preferGradient } from './gradient';
import { spreadMiddle } from './reduction';

/**
 * The gradient in TensorFlow.js slices out every copy and adds it up: tens of thousands of kernels for the layer normalization
 * of a batch of sequences. Here the copies along separate axes are one sum.
 */
const gradient: GradientFunction = (dy, saved, attrs) => {
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
};

/**
 * Copies of an array next to each other. Where they are copies of whole rows, as in layer normalization (along one axis, or
 * along neighbouring ones of which all but the last have size 1), the rows are written one after the other.
 */
export const tile = defineKernel<{ x: TensorInfo }, TileAttrs>(
  Tile,
  ({ inputs: { x }, attrs: { reps }, backend, kernels, stock }) => {
    preferGradient(Tile, gradient);
    const { shape, dtype } = x;
    const first = reps.findIndex((count) => count !== 1);
    const last = reps.length - 1 - [...reps].reverse().findIndex((count) => count !== 1);
    const out = shape.map((size, axis) => size * reps[axis]);
    const rows = first >= 0 && shape.slice(first, last).every((size) => size === 1);
    if (dtype !== 'float32' || !rows || sizeOf(out) === 0) return stock();
    const result = backend.makeOutput(out, dtype);
    spreadMiddle(kernels, kernels.address(x), kernels.address(result), {
      outer: sizeOf(shape.slice(0, first)),
      reduced: sizeOf(reps),
      inner: sizeOf(shape.slice(last)),
    });
    return result;
  },
);
