import { ArgumentError, type Framework, type Regularizer } from '@crossreg/core';
import { levelRate } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import { cellsOf } from './internals';
import { partsOf } from './nestedLayers';

/** What a block of weights is: all weights that leave an input, or all that make an output unit. */
export type Block = 'inputs' | 'units';

/** Where a weight has its inputs and its units. */
export interface KernelLayout {
  /** The shape to see it in, with axes taken apart where they hold several things, such as gates. */
  shape: number[];
  /** Axes of that shape. Undefined for the inputs of a bias, which has none. */
  units: number[];
  inputs: number[] | undefined;
  /** Weights of a layer whose units are not those of others, such as the first half of a separable convolution. */
  role: string;
}

/** Cells whose kernels hold the gates side by side on the last axis. */
const gates: Record<string, number> = { LSTMCell: 4, GRUCell: 3, SimpleRNNCell: 1, ConvLSTM2DCell: 4 };

/**
 * The layout of a weight by the class of the layer that owns it. A class that is not of TensorFlow.js has its inputs and
 * units on the last two axes.
 *
 * @param name - `kernel`, `bias`, `depthwise_kernel`.
 */
export function kernelLayout(owner: string, name: string, shape: readonly number[]): KernelLayout {
  const last = shape.length - 1;
  const layout = (parts: Partial<KernelLayout>): KernelLayout => ({
    shape: [...shape],
    units: [last],
    inputs: last > 0 ? [last - 1] : undefined,
    role: 'outputs',
    ...parts,
  });
  if (name.startsWith('depthwise') && last === 3) {
    // [height, width, inputs, multiplier]: each pair of the last two is a unit.
    return layout({
      units: [2, 3],
      inputs: [2],
      role: owner === 'SeparableConv2D' ? 'depthwise' : 'outputs',
    });
  }
  // [height, width, units, inputs]
  if (owner.endsWith('Transpose') && last > 0) return layout({ units: [last - 1], inputs: [last] });
  const count = gates[owner];
  if (count) {
    const split = [...shape.slice(0, -1), count, shape[last] / count];
    return layout({ shape: split, units: [last + 1] });
  }
  return layout({});
}

/** The innermost part of a layer that owns each of its weights: of `timeDistributed` what it repeats, of an LSTM its cell. */
export function weightOwners(layer: layers.Layer): Map<tf.Tensor, layers.Layer> {
  const own = layer.weights.map((weight) => [weight.read(), layer] as const);
  const parts = [...partsOf(layer), ...cellsOf(layer)];
  return new Map([...own, ...parts.flatMap((part) => [...weightOwners(part)])]);
}

/** Whether the blocks of a weight are along one axis, counted from the end as in a dense kernel. */
export function isPlain({ shape, units, inputs, role }: KernelLayout, actual: readonly number[]): boolean {
  const last = actual.length - 1;
  return (
    shape.length === actual.length &&
    role === 'outputs' &&
    units.join() === `${last}` &&
    (!inputs || inputs.join() === `${last - 1}`)
  );
}

/**
 * A regularizer on weights that are shown to it with their blocks along the last axis: `[everything else, blocks]`.
 *
 * @param layouts - of the weights, in their order.
 * @throws ArgumentError for a weight that has no such blocks.
 */
export function onBlocks(
  regularizer: Regularizer,
  block: Block,
  layouts: readonly KernelLayout[],
): Regularizer {
  const views = layouts.map((layout) => viewOf(layout, block));
  const seen = <T>(weights: readonly T[]) => weights.map((w, i) => views[i].see(w as tf.Tensor) as T);
  const back = <T>(weights: readonly T[], arrays: readonly T[]) =>
    arrays.map((x, i) => views[i].back(x as tf.Tensor, (weights[i] as tf.Tensor).shape) as T);
  type Args = [per?: 'group' | 'unit'];
  const { retractionDerivative } = regularizer;
  return {
    ...regularizer,
    value: (fw, weights, ...rest: Args) => regularizer.value(fw, seen(weights), ...rest),
    gradient: (fw, weights, ...rest: Args) => back(weights, regularizer.gradient(fw, seen(weights), ...rest)),
    retractionDerivative:
      retractionDerivative &&
      (<T>(fw: Framework<T>, weights: readonly T[], ...rest: Args) =>
        back(weights, retractionDerivative.call(regularizer, fw, seen(weights), ...rest) as T[])),
    levelDerivative: (fw, weights, gradient, ...rest: Args) =>
      levelRate(fw, regularizer, seen(weights), seen(gradient), ...rest),
    retract: (fw, weights, level, ...rest: Args) =>
      back(weights, regularizer.retract(fw, seen(weights), level, ...rest)),
  };
}

function viewOf(layout: KernelLayout, block: Block) {
  const { shape } = layout;
  const axes = layout[block];
  if (!axes) {
    throw new ArgumentError(
      'axis',
      "is 'inputs', but a bias has no inputs. Leave biases out, or use 'units' or 'array'.",
    );
  }
  const others = shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const order = [...others, ...axes];
  const permuted = order.map((i) => shape[i]);
  const blocks = axes.reduce((size, i) => size * shape[i], 1);
  return {
    see: (w: tf.Tensor) => tf.reshape(tf.transpose(tf.reshape(w, shape), order), [-1, blocks]),
    back: (x: tf.Tensor, actual: number[]) => {
      const inverse = order.map((_, i) => order.indexOf(i));
      return tf.reshape(tf.transpose(tf.reshape(x, permuted), inverse), actual);
    },
  };
}
