import { ArgumentError, type Averaging } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs-core';
import { layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';

/**
 * Combines the outputs of several draws into one, by stock layers only: by their mean or, for logits, by the log of the mean of
 * their softmax or the logit of the mean of their sigmoid.
 *
 * The only logarithm among stock layers is the activation log-softmax, x − log Σ eˣ. So log Σ e^ℓ over draws, for
 * log-probabilities ℓ, is computed as ℓ − logSoftmax(ℓ) of any draw.
 *
 * @throws ArgumentError for logits without a fixed shape.
 */
export function averageOutputs(draws: SymbolicTensor[], averaging: Averaging, name: string): SymbolicTensor {
  if (draws.length === 1) return draws[0];
  if (averaging === 'probabilities' || averaging === 'mean') {
    return layers.average({ name: `${name}_average` }).apply(draws) as SymbolicTensor;
  }
  const shape = draws[0].shape.slice(1);
  if (shape.some((n) => n === null)) {
    throw new ArgumentError(
      'model',
      `has the output ${name} of shape [${draws[0].shape}], but logits can only be averaged in a fixed shape. Give the model's inputs a fixed shape.`,
    );
  }
  const fixed = shape as number[];
  const softmax = averaging === 'logits';
  // As [log p, log (1 − p)] the logits of a sigmoid are those of two classes.
  const of = softmax ? fixed : [...fixed, 2];
  const size = tf.util.sizeFromShape(of);
  const columns = draws.map((draw, k) => {
    const part = `${name}_${k}`;
    const logits = softmax ? draw : halves(draw, [...fixed, 1], part);
    const log = layers.activation({ activation: 'logSoftmax' as never, name: `${part}_log` }).apply(logits);
    return layers.reshape({ targetShape: [size, 1], name: `${part}_column` }).apply(log as SymbolicTensor);
  }) as SymbolicTensor[];
  const apply = (layer: layers.Layer, x: SymbolicTensor | SymbolicTensor[]) =>
    layer.apply(x) as SymbolicTensor;
  const all = apply(layers.concatenate({ axis: -1, name: `${name}_draws` }), columns);
  const shares = apply(layers.activation({ activation: 'logSoftmax' as never, name: `${name}_shares` }), all);
  // The mean of what is the same for every draw, less log K.
  const count = draws.length;
  const minus = scale(shares, new Array<number>(count).fill(-1), `${name}_minus`, -Math.log(count));
  const sums = apply(layers.add({ name: `${name}_sums` }), [all, minus]);
  const rows = apply(layers.permute({ dims: [2, 1], name: `${name}_rows` }), sums);
  const mean = apply(layers.globalAveragePooling1d({ name: `${name}_mean` } as never), rows);
  if (softmax) return apply(layers.reshape({ targetShape: fixed, name: `${name}_logits` }), mean);
  const pairs = apply(layers.reshape({ targetShape: of, name: `${name}_pairs` }), mean);
  const difference = layers.dense({ units: 1, useBias: false, trainable: false, name: `${name}_difference` });
  const logit = apply(difference, pairs);
  tf.tidy(() => difference.setWeights([tf.tensor2d([[1], [-1]])]));
  return apply(layers.reshape({ targetShape: fixed, name: `${name}_logits` }), logit);
}

/** z as [z/2, −z/2], whose softmax is [σ(z), 1 − σ(z)]. */
function halves(z: SymbolicTensor, shape: number[], name: string): SymbolicTensor {
  const column = layers.reshape({ targetShape: shape, name: `${name}_unit` }).apply(z) as SymbolicTensor;
  const pair = layers.concatenate({ axis: -1, name: `${name}_both` }).apply([column, column]);
  return scale(pair as SymbolicTensor, [0.5, -0.5], `${name}_halves`);
}

/** Multiplies the last axis with constants and adds one, as a batch normalization that knows its statistics. */
function scale(x: SymbolicTensor, factors: number[], name: string, plus = 0): SymbolicTensor {
  const epsilon = 1e-3;
  const layer = layers.batchNormalization({ name, epsilon, trainable: false });
  const result = layer.apply(x) as SymbolicTensor;
  tf.tidy(() => {
    const size = [factors.length];
    layer.setWeights([tf.tensor1d(factors), tf.fill(size, plus), tf.zeros(size), tf.fill(size, 1 - epsilon)]);
  });
  return result;
}
