import { ArgumentError } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { leafLayers } from './chooseLayers';
import { axisOf } from './internals';

/**
 * Refuses a model with a batch normalization of another axis than the last one, where the backend computes it wrongly: `cpu`
 * and `wasm` of TensorFlow.js 4.22 take the statistics as those of the last axis, in training and at inference, without a
 * word. A probe tells, so that a backend that has been corrected is not refused.
 *
 * @throws ArgumentError
 */
export async function checkNormalizedAxis(model: LayersModel): Promise<void> {
  const wrong = leafLayers(model).find((layer) => {
    const { length: rank } = layer.outputShape as number[];
    const axis = axisOf(layer) ?? -1;
    return layer.getClassName() === 'BatchNormalization' && (axis < 0 ? axis + rank : axis) !== rank - 1;
  });
  if (!wrong) return;
  // (x − mean) / 1 for two channels of three values: 0, 1, 2 of each.
  const probe = tf.tidy(() => {
    const statistics = (a: number, b: number) => tf.tensor4d([a, b], [1, 2, 1, 1]);
    const x = tf.tensor4d([10, 11, 12, 20, 21, 22], [1, 2, 3, 1]);
    return tf.batchNorm4d(x, statistics(10, 20), statistics(1, 1), undefined, undefined, 0);
  });
  const values = await probe.data();
  probe.dispose();
  if (values.every((v, i) => Math.abs(v - (i % 3)) < 1e-3)) return;
  throw new ArgumentError(
    'model',
    `${wrong.name} normalizes axis ${axisOf(wrong)}, which the backend ${tf.getBackend()} of ` +
      'TensorFlow.js computes wrongly: it takes the statistics as those of the last axis. Put the channels last, or use webgl or ' +
      'TensorFlow’s native binding.',
  );
}
