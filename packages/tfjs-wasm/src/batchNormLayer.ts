import * as tf from '@tensorflow/tfjs-core';
import { NormalizeBatch } from './batchNorm';
import type { BatchNormalization } from './internals';
import { overrideCall } from './layerCall';

/**
 * Has the BatchNormalization layer of tfjs-layers normalize a training batch in one operation on the wasm backend, where it
 * has a dozen of them and as many again for their gradients. What it computes, its weights and its configuration stay the same.
 * Channels have to come last. `scale: false` and `center: false`, with which the layer itself cannot be trained, can.
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
