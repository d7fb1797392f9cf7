import * as tf from '@tensorflow/tfjs-core';
import {
  broadcast_util,
  Conv2DBackpropFilter,
  Conv2DBackpropInput,
  type FusedConv2DAttrs,
} from '@tensorflow/tfjs-core';
import { type CustomFunction, engineOf, type Save } from './internals';

/**
 * Every dense and convolutional layer uses the fused products of tfjs-core. As soon as one gradient is needed, these compute
 * the gradients of all inputs: of the images, in the first layer of a network, and of all weights, if only noise or a first
 * layer is differentiated. Here each gradient is computed on demand.
 *
 * The products use `tf.customGrad`, which cannot do that. So this adds another function for the two operations, recognized by
 * the scope that tfjs-core opens for each of them. All others still use `tf.customGrad`.
 */
export function differentiateLazily(): void {
  const engine = engineOf();
  const stock = engine.customGrad;
  if (LAZY in stock) return;
  const customGrad = (f: CustomFunction) => {
    const all = stock.call(engine, f);
    return (...inputs: tf.Tensor[]) => {
      const scope = engine.state.activeScope?.name ?? '';
      if (!(scope in operations) || tf.getBackend() !== 'wasm') return all(...inputs);
      let result: ReturnType<CustomFunction>;
      return lazyOperation(scope, inputs, {
        forward(save) {
          result = f(...inputs, save);
          return result.value;
        },
        otherwise: (dy, saved) => result.gradFunc(dy, saved),
      });
    };
  };
  engine.customGrad = Object.assign(customGrad, { [LAZY]: true });
}

interface LazyOperation {
  /** Runs the kernel of the product, which reports its arguments, and saves the operands as tfjs-core does. */
  forward(save: Save): tf.Tensor;
  /** dy before the activation, from dy after it, for a product with an activation. */
  through?(dy: tf.Tensor, y: tf.Tensor): tf.Tensor;
  /** All gradients at once, for cases that ours do not cover. */
  otherwise?(dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[];
}

/** A product named by a scope of tfjs-core. Each of its gradients is computed on demand. */
export function lazyOperation(
  scope: string,
  inputs: readonly tf.Tensor[],
  { forward, through, otherwise }: LazyOperation,
): tf.Tensor {
  const engine = engineOf();
  let attrs: Attrs | undefined;
  return engine.runKernelFunc({
    inputs: byPlace(inputs),
    forwardFunc(_, save) {
      told = undefined;
      const value = forward(save);
      attrs = told;
      if (!attrs && !otherwise) throw new Error(`A layer on ${scope} did not run this package's kernel.`);
      return value;
    },
    backwardsFunc(dy, saved) {
      const linear = through ? { ...attrs!, activation: 'linear' } : attrs;
      // Our kernels have no gradients, but the composition of tfjs has.
      const first = engine.state.gradientDepth === 0 || !otherwise;
      const behind = through ? through(dy, saved[2]) : dy;
      const lazy = linear && first ? operations[scope](behind, saved, linear) : undefined;
      return byPlace(lazy ?? otherwise!(dy, saved).map((gradient) => () => gradient));
    },
  });
}

const byPlace = <T>(each: readonly T[]): Record<string, T> => Object.fromEntries(each.entries());

/** Survives a second copy of this package in the same program. */
const LAZY = Symbol.for('@crossreg/tfjs-wasm lazy gradients');

type Gradients = readonly (() => tf.Tensor)[];

interface Attrs {
  readonly activation: string;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

let told: Attrs | undefined;

/** Called by the kernels of the two operations, because only they see the arguments. */
export const tellAttrs = (attrs: Attrs): void => {
  told = attrs;
};

/** By the name of the scope: gradients in the order of the operation's inputs, or undefined for cases left to tfjs. */
const operations: Readonly<
  Record<string, (dy: tf.Tensor, saved: tf.Tensor[], attrs: Attrs) => Gradients | undefined>
> = {
  fusedConv2d__op(dy, [filter, x, y, bias], attrs) {
    const { dataFormat, activation, ...rest } = attrs as FusedConv2DAttrs;
    if (activation !== 'linear' || dataFormat !== 'NHWC' || x.dtype !== 'float32') return undefined;
    const full = tf.reshape(dy, y.shape);
    const run = (kernel: string, inputs: tf.NamedTensorMap, shapes: tf.NamedAttrMap) => () =>
      tf.engine().runKernel(kernel, inputs, { ...rest, dataFormat, ...shapes }) as tf.Tensor;
    return [
      run(Conv2DBackpropInput, { dy: full, filter }, { inputShape: x.shape }),
      run(Conv2DBackpropFilter, { x, dy: full }, { filterShape: filter.shape }),
      ...biasGradient(bias, full),
    ];
  },
  fusedMatMul__op(dy, [a, b, y, bias], { activation, transposeA, transposeB }) {
    const isBroadcast = a.rank > 2 && a.shape[0] !== b.shape[0];
    if (activation !== 'linear' || isBroadcast) return undefined;
    const full = tf.reshape(dy, y.shape);
    return [
      () => (transposeA ? tf.matMul(b, full, transposeB, true) : tf.matMul(full, b, false, !transposeB)),
      () => (transposeB ? tf.matMul(full, a, true, transposeA) : tf.matMul(a, full, !transposeA, false)),
      ...biasGradient(bias, full),
    ];
  },
};

function biasGradient(bias: tf.Tensor | undefined, dy: tf.Tensor): Gradients {
  if (!bias) return [];
  const axes = broadcast_util.getReductionAxes(bias.shape, dy.shape);
  return [() => tf.reshape(axes.length > 0 ? tf.sum(dy, axes) : dy, bias.shape)];
}
