import { ArgumentError, type Framework } from '@crossreg/core';
import { refuse, show } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import { allFinite } from './finite';
import { fusedOptimizer } from './fusedOptimizer';
import { deriveKey, gaussian } from './noise';
import { operation, stopGradient } from './operation';

const axesOf = (axes?: readonly number[]) => axes as number[] | undefined;

/** TensorFlow.js would differentiate the sum of anything else, so that gradients grow with the batch. */
function scalar(loss: tf.Tensor): tf.Scalar {
  if (loss instanceof tf.Tensor && loss.size === 1) return loss as tf.Scalar;
  throw new ArgumentError(
    'loss',
    `must be a scalar, but is ${loss instanceof tf.Tensor ? `[${loss.shape}]` : show(loss)}. Average it over the batch: tf.mean(loss).`,
  );
}

/**
 * {@link Framework} on TensorFlow.js: `T` is a tf-core tensor, and a variable is a `tf.Variable`.
 *
 * Variables that are not trainable can be differentiated too, unlike with `tf.variableGrads`. Regularization parameters are not
 * trainable, so that θ's optimizer leaves them alone.
 */
export const tfjs: Framework<tf.Tensor> = {
  name: 'tfjs',

  array(values, shape) {
    if (typeof values === 'number') return tf.scalar(values, 'float32');
    return tf.tensor(Float32Array.from(values), (shape ?? [values.length]) as number[], 'float32');
  },
  variable: (initial, name) => tf.variable(initial, false, name),
  assign(variable, value) {
    if (!(variable instanceof tf.Variable)) {
      refuse('variable', variable, 'a tf.Variable', 'Make one with tf.variable(…).');
    }
    // A variable takes ownership of the tensor that it is assigned; `value` stays the caller's.
    const copy = value.clone();
    try {
      variable.assign(copy);
    } finally {
      copy.dispose();
    }
  },
  shape: (x) => x.shape,

  add: (a, b) => tf.add(a, b),
  sub: (a, b) => tf.sub(a, b),
  mul: (a, b) => tf.mul(a, b),
  div: (a, b) => tf.div(a, b),
  maximum: (a, b) => tf.maximum(a, b),
  exp: (x) => tf.exp(x),
  log: (x) => tf.log(x),
  sqrt: (x) => tf.sqrt(x),
  abs: (x) => tf.abs(x),
  // Not tf.sign, which takes twenty times as long on wasm.
  sign: (x) => tf.sub(tf.step(x), tf.step(tf.neg(x))),
  // Not tf.softplus, which the wasm backend lacks.
  softplus: (x) => tf.add(tf.relu(x), tf.log(tf.add(tf.exp(tf.neg(tf.abs(x))), 1))),
  where: (condition, a, b) =>
    tf.where(
      operation({}, () => tf.notEqual(condition, 0)),
      a,
      b,
    ),

  sum: (x, axes, keepDims) => tf.sum(x, axesOf(axes), keepDims),
  max: (x, axes, keepDims) => tf.max(x, axesOf(axes), keepDims),
  matMul: (a, b) => tf.matMul(a, b),
  reshape: (x, shape) => tf.reshape(x, shape as number[]),
  stack: (xs) => tf.stack(xs as tf.Tensor[]),

  allFinite,
  normal: (shape, seed) => gaussian(shape, deriveKey(seed)),
  stopGradient,

  valueAndGradients(f, wrt) {
    return tf.tidy(() => {
      const { value, grads } = tf
        .engine()
        // Needs no dy, and accepts that nothing leads from `wrt` to the value.
        .gradients(() => scalar(f()), wrt as tf.Tensor[], undefined, true);
      return { value, gradients: grads.map((g, i) => g ?? tf.zerosLike(wrt[i])) };
    });
  },
  tidy: (f) => tf.tidy(f as () => tf.TensorContainer) as ReturnType<typeof f>,
  dispose(xs) {
    for (const x of Array.isArray(xs) ? (xs as readonly tf.Tensor[]) : [xs as tf.Tensor]) {
      if (!x.isDisposed) x.dispose();
    }
  },
  read: async (x) => Float64Array.from(await x.data()),
  fusedOptimizer,
};
