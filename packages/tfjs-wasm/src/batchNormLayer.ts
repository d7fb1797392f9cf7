import * as tf from '@tensorflow/tfjs-core';
import { NormalizeBatch } from './batchNorm';
import type { BatchNormalization } from './internals';
import { overrideCall } from './layerCall';

/**
 * Makes the BatchNormalization layer of tfjs-layers normalize a training batch in one operation on the wasm backend, where it
 * uses a dozen, and as many again for the gradient. Results, weights and configuration stay the same. Channels must come last.
 * Layers with `scale: false` or `center: false`, which fail to train in tfjs-layers, work.
 */
export function fuseBatchNormalization(): void {
  overrideCall<BatchNormalization>('BatchNormalization', (layer, x, { training }) => {
    const isLast = layer.axis === -1 || layer.axis === x.rank - 1;
    const fits = training === true && isLast && x.rank > 1 && x.rank < 5;
    return fits ? tf.tidy(() => normalizeBatch(layer, x)) : undefined;
  });
}

function normalizeBatch(layer: BatchNormalization, x: tf.Tensor): tf.Tensor {
  const { gamma, beta, epsilon, movingMean, movingVariance, momentum } = layer;
  const inputs = {
    x,
    scale: gamma?.read() ?? tf.ones([x.shape[x.rank - 1]]),
    ...(beta && { offset: beta.read() }),
  };
  const [y, mean, variance] = tf
    .engine()
    .runKernel(NormalizeBatch, inputs, { varianceEpsilon: epsilon }) as unknown as tf.Tensor[];
  for (const [moving, value] of [
    [movingMean, mean],
    [movingVariance, variance],
  ] as const) {
    const old = moving.read();
    moving.write(tf.sub(old, tf.mul(tf.sub(old, value), 1 - momentum)));
  }
  return y;
}
