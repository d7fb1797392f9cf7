import * as tf from '@tensorflow/tfjs-core';
import { type Call, callerOf } from './internals';

const OWN = Symbol.for('@crossreg/tfjs-wasm layer call');

/**
 * Puts our `call` before that of a class of layers, for the cases in which it returns a result; the original covers the others.
 * tfjs-layers is found through its registered classes, perhaps after this package is imported.
 */
export function overrideCall<Layer>(
  className: string,
  ours: (
    layer: Layer,
    x: tf.Tensor,
    kwargs: { training?: boolean },
    stock: () => tf.Tensor,
  ) => tf.Tensor | undefined,
): void {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  let entry = classNameMap[className];
  if (Object.getOwnPropertyDescriptor(classNameMap, className)?.get) return;
  const override = () => {
    const prototype = callerOf<Layer>(entry?.[0]);
    if (!prototype || OWN in prototype.call) return;
    const stock = prototype.call;
    const call: Call<Layer> = function (inputs, kwargs) {
      const own = () => stock.call(this, inputs, kwargs);
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      // Our kernels have no second derivatives; the composition of tfjs has.
      const { gradientDepth } = tf.engine().state;
      const fits = tf.getBackend() === 'wasm' && gradientDepth <= 1 && x.dtype === 'float32' && x.size > 0;
      return (fits && ours(this, x, kwargs, own)) || own();
    };
    prototype.call = Object.assign(call, { [OWN]: true });
  };
  override();
  Object.defineProperty(classNameMap, className, {
    configurable: true,
    enumerable: true,
    get: () => entry,
    set(registered: typeof entry) {
      entry = registered;
      override();
    },
  });
}
