import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Layer, Node } from './replay';

export type CallArguments = Record<string, unknown>;

/**
 * A new layer of the same class, name and configuration, not built and without weights. A layer whose class is not
 * registered (`tf.serialization.registerClass`) cannot be made again: null.
 *
 * @param overrides - of the configuration.
 */
export function cloneLayer(layer: Layer, overrides: tf.serialization.ConfigDict = {}): Layer | null {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const [registered, fromConfig] = classNameMap[layer.getClassName()] ?? [];
  if (registered !== layer.constructor) return null;
  const config = layer.getConfig();
  // Initializers, regularizers, constraints and activation functions go over as the objects they are: so they need
  // not be registered, and DepthwiseConv2D's getConfig, with its regularizer in the constraint's place, does no harm.
  for (const key of Object.keys(config)) {
    const live = (layer as unknown as Record<string, unknown>)[key];
    if (live === null || (live instanceof tf.serialization.Serializable && !(live instanceof tfl.layers.Layer))) {
      config[key] = live as unknown as tf.serialization.ConfigDictValue;
    }
  }
  const clone = fromConfig(registered, { ...config, ...overrides }) as Layer;
  // The weights of a copy are replaced as soon as they are there.
  clone.setFastWeightInitDuringBuild(true);
  return clone;
}

/**
 * The keyword arguments of a call that can be made again. Symbolic tensors among them (the initial state of a
 * recurrent layer) are inputs of the node as well, and tensors (a mask) belong to the run that left them there.
 */
export function callArguments({ callArgs }: Node): CallArguments {
  const isPlain = (value: unknown): boolean =>
    Array.isArray(value) ? value.every(isPlain) : value === null || typeof value !== 'object';
  return Object.fromEntries(Object.entries(callArgs ?? {}).filter(([, value]) => isPlain(value)));
}
