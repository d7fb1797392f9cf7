import * as tf from '@tensorflow/tfjs-core';
import { NormalizeBatch } from './batchNorm';

interface LayerVariable {
  read(): tf.Tensor;
  write(value: tf.Tensor): unknown;
}

/** What this package uses of tfjs-layers' BatchNormalization, which it does not import. */
interface BatchNormalization {
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly gamma?: LayerVariable | null;
  readonly beta?: LayerVariable | null;
  readonly movingMean: LayerVariable;
  readonly movingVariance: LayerVariable;
}
type Call = (
  this: BatchNormalization,
  inputs: tf.Tensor | tf.Tensor[],
  kwargs: { training?: boolean },
) => tf.Tensor;

type LayerClass = { readonly prototype: { call: Call } };

const NAME = 'BatchNormalization';
const FUSED = Symbol.for('@crossreg/tfjs-wasm batch normalization');

/**
 * Has the BatchNormalization layer of tfjs-layers normalize a training batch in one operation on the wasm backend, where it
 * has a dozen of them and as many again for their gradients. What it computes, its weights and its configuration stay the same.
 * Channels have to come last. `scale: false` and `center: false`, with which the layer itself cannot be trained, can.
 *
 * tfjs-layers is found where it registers its classes, which may be after this package is imported.
 */
export function fuseBatchNormalization(): void {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  let entry = classNameMap[NAME];
  if (Object.getOwnPropertyDescriptor(classNameMap, NAME)?.get) return;
  const fuse = () => {
    if (entry) fuseClass(entry[0] as unknown as LayerClass);
  };
  fuse();
  Object.defineProperty(classNameMap, NAME, {
    configurable: true,
    enumerable: true,
    get: () => entry,
    set(registered: typeof entry) {
      entry = registered;
      fuse();
    },
  });
}

function fuseClass({ prototype }: LayerClass): void {
  const stock = prototype.call;
  if (FUSED in stock) return;
  const call: Call = function (inputs, kwargs) {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    const isLast = x.rank > 1 && x.rank < 5 && (this.axis === -1 || this.axis === x.rank - 1);
    // Our kernels have no second derivatives, tfjs's own composition has.
    const fits = isLast && x.dtype === 'float32' && x.size > 0 && tf.engine().state.gradientDepth <= 1;
    return kwargs.training === true && fits && tf.getBackend() === 'wasm'
      ? tf.tidy(() => normalizeBatch(this, x))
      : stock.call(this, inputs, kwargs);
  };
  prototype.call = Object.assign(call, { [FUSED]: true });
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
