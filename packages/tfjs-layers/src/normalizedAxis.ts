import { ArgumentError } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, layers } from '@tensorflow/tfjs-layers';
import { axisOf } from './internals';
import { withParts } from './nestedLayers';

/**
 * Refuses a model with a batch normalization over another axis than the last one, if the backend computes it wrongly. `cpu` and
 * `wasm` of TensorFlow.js 4.22 silently use the statistics of the last axis, in training and at inference. A probe finds out,
 * so a corrected backend is not refused.
 *
 * @throws ArgumentError
 */
export async function checkNormalizedAxis(model: LayersModel): Promise<void> {
  const layer = ofOtherAxis(model);
  if (!layer) return;
  if (known.get(kernel()) === undefined) {
    const values = probe();
    remember(await values.data());
    values.dispose();
  }
  refuseWrong(layer);
}

/** {@link checkNormalizedAxis} where nothing can be awaited. WebGPU in Node cannot read at once, and computes it rightly. */
export function checkNormalizedAxisNow(model: LayersModel): void {
  const layer = ofOtherAxis(model);
  if (!layer) return;
  if (known.get(kernel()) === undefined) {
    const values = probe();
    try {
      remember(values.dataSync());
    } catch {
      return;
    } finally {
      values.dispose();
    }
  }
  refuseWrong(layer);
}

/** By the kernel that computes it: whether it does so rightly. Packages replace kernels of a backend. */
const known = new WeakMap<object, boolean>();
const kernel = (): object => tf.getKernel(tf.FusedBatchNorm, tf.getBackend())?.kernelFunc ?? tf.backend();

/** A batch normalization of another axis than the last one. */
const ofOtherAxis = (model: LayersModel): layers.Layer | undefined =>
  withParts(model).find((layer) => {
    if (layer.getClassName() !== 'BatchNormalization') return false;
    const [{ ndim: rank = 0 } = {}] = layer.inputSpec ?? [];
    const axis = axisOf(layer) ?? -1;
    return (axis < 0 ? axis + rank : axis) !== rank - 1;
  });

/** (x − mean) / 1 for two channels of three values: 0, 1, 2 of each. */
const probe = (): tf.Tensor =>
  tf.tidy(() => {
    const statistics = (a: number, b: number) => tf.tensor4d([a, b], [1, 2, 1, 1]);
    const x = tf.tensor4d([10, 11, 12, 20, 21, 22], [1, 2, 3, 1]);
    return tf.batchNorm4d(x, statistics(10, 20), statistics(1, 1), undefined, undefined, 0);
  });

const remember = (values: ArrayLike<number>): void => {
  known.set(
    kernel(),
    Array.from(values).every((v, i) => Math.abs(v - (i % 3)) < 1e-3),
  );
};

function refuseWrong(layer: layers.Layer): void {
  if (known.get(kernel())) return;
  throw new ArgumentError(
    'model',
    `${layer.name} normalizes axis ${axisOf(layer)}, which the backend ${tf.getBackend()} of ` +
      'TensorFlow.js computes wrongly: it applies the statistics to the last axis. Put the channels last, or use webgl or ' +
      'TensorFlow’s native binding.',
  );
}
