import * as tf from '@tensorflow/tfjs-core';
import { NormalizeBatch } from './batchNorm';
import type { BatchNormalization } from './internals';
import { overrideCall } from './layerCall';

/**
 * Makes the BatchNormalization layer of tfjs-layers normalize a training batch and update its moving averages in one operation
 * on the wasm backend, where it uses about twenty, and a dozen more for the gradient. Results, weights and configuration stay
 * the same. Channels must come last.
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
    movingMean: movingMean.read(),
    movingVariance: movingVariance.read(),
  };
  const [y, , , nextMean, nextVariance] = tf
    .engine()
    .runKernel(NormalizeBatch, inputs, { varianceEpsilon: epsilon, momentum }) as unknown as tf.Tensor[];
  movingMean.write(nextMean);
  movingVariance.write(nextVariance);
  return y;
}
