import { ArgumentError, show } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs-core';
import { LayersModel, layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type InjectNoiseOptions, injectNoise } from './injectNoise';
import { LearnableNoise } from './learnableNoise';

/** Noise hooked into a model, see {@link hookNoise}. */
export interface HookedNoise {
  /** One for each place, in the order of the graph. They are layers of {@link toModel}'s result, not of the model. */
  readonly layers: readonly LearnableNoise[];
  /** Takes the noise out of the model. The layers keep their σ, and `toModel` still works. Twice does nothing. */
  unhook(): void;
  /**
   * The same network with the noise as explicit layers, ready to save and not compiled: these very `layers`, and the
   * weights of the hooked model, shared. The same model at every call. Use one of the two models at a time.
   */
  toModel(): LayersModel;
  /** Unhooks and frees the variables of the noise. The model keeps its weights; `toModel`'s result is of no use then. */
  dispose(): void;
}

type Call = (inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }) => tf.Tensor | tf.Tensor[];
/** What TensorFlow.js keeps on a layer and its declarations leave out. */
interface LayerFields {
  call: Call;
  activation: { apply(x: tf.Tensor): tf.Tensor };
}
interface Place {
  layer: layers.Layer;
  noise: LearnableNoise;
  /** Between the linear part of the layer and its activation function, before the layer, or after it. */
  position: 'activation' | 'input' | 'output';
}

const hooked = new WeakSet<layers.Layer>();

/**
 * Puts learnable noise into a model in place, in the same places as `injectNoise` and with the same numbers: so that
 * a compiled model stays compiled, its optimizer's state included. The configuration of the model does not change:
 * saved, it is the model without noise; {@link HookedNoise.toModel} is the one with it.
 *
 * Layers that the model shares with other models have the noise there as well, until `unhook`.
 *
 * @throws ArgumentError as `injectNoise` does, and for a model with a layer that is hooked already or a chosen layer
 *   whose class is not registered.
 */
export function hookNoise(model: LayersModel, options: InjectNoiseOptions = {}): HookedNoise {
  if (model instanceof LayersModel) {
    const busy = leaves(model).find((layer) => hooked.has(layer));
    if (busy) {
      throw new ArgumentError(
        'model',
        `has noise hooked into ${show(busy.name)} already. Call unhook() first.`,
      );
    }
  }
  const noisy = injectNoise(model, options);
  const places = placesOf(model, noisy);
  const undo = places.map(hook);
  const unhook = () => {
    for (const restore of undo.splice(0)) restore();
  };
  const noises = places.map(({ noise }) => noise);
  return {
    layers: noises,
    unhook,
    toModel: () => noisy,
    dispose() {
      unhook();
      for (const noise of noises) for (const weight of noise.weights) tf.dispose(weight.read());
    },
  };
}

/** The layers of a model, those of nested models in their place, each where the graph first comes to it. */
function leaves(model: LayersModel): layers.Layer[] {
  const found = new Set<layers.Layer>();
  const seen = new Set<unknown>();
  const visit = ({ sourceLayer: layer, nodeIndex }: SymbolicTensor) => {
    const node = layer.inboundNodes[nodeIndex];
    if (seen.has(node)) return;
    seen.add(node);
    // The node of an input leads from its tensor to itself, and is seen by now.
    node.inputTensors.forEach(visit);
    if (layer instanceof LayersModel) layer.outputs.forEach(visit);
    else found.add(layer);
  };
  model.outputs.forEach(visit);
  return [...found];
}

/**
 * Where the noise of an injected model sits in the model it was made of. Both graphs have their layers in the same
 * order, and noise is right before or after the copy of the layer that it is named after.
 */
function placesOf(model: LayersModel, noisy: LayersModel): Place[] {
  const copies = leaves(noisy);
  let next = 0;
  const noiseOf = (layer: layers.Layer) => {
    const noise = copies[next];
    if (!(noise instanceof LearnableNoise) || noise.name !== `${layer.name}_noise`) return undefined;
    next += 1;
    return noise;
  };
  return leaves(model).flatMap((layer): Place[] => {
    const before = noiseOf(layer);
    const copy = copies[next++];
    // Its own noise, not that of a layer of the same name further on in another nested model.
    const follows = copies[next]?.inboundNodes[0]?.inboundLayers.includes(copy);
    const after = !before && follows ? noiseOf(layer) : undefined;
    const noise = before ?? after;
    if (!noise) return [];
    if (copy === layer) {
      throw new ArgumentError(
        'layers',
        `chooses ${show(layer.name)}, whose class ${layer.getClassName()} is not registered, so that no model with ` +
          'its noise can be made. Call tf.serialization.registerClass on the class.',
      );
    }
    const split = copies[next]?.name === `${layer.name}_activation`;
    if (after && split) next += 1;
    return [{ layer, noise, position: before ? 'input' : split ? 'activation' : 'output' }];
  });
}

/** Puts a `call` of the layer's own before that of its class. Returns what takes it away again. */
function hook({ layer, noise, position }: Place): () => void {
  const fields = layer as unknown as LayerFields;
  const own = Object.getOwnPropertyDescriptor(layer, 'call');
  const call = fields.call.bind(layer);
  fields.call = {
    input: ((inputs, kwargs) => tf.tidy(() => call(noise.call(inputs, kwargs), kwargs))) as Call,
    output: ((inputs, kwargs) => tf.tidy(() => noise.call(call(inputs, kwargs), kwargs))) as Call,
    activation: ((inputs, kwargs) =>
      tf.tidy(() => {
        const { activation } = fields;
        // For the time of the call only: nobody else, a save least of all, must find a linear layer.
        fields.activation = linear();
        try {
          return activation.apply(noise.call(call(inputs, kwargs), kwargs));
        } finally {
          fields.activation = activation;
        }
      })) as Call,
  }[position];
  hooked.add(layer);
  return () => {
    if (own) Object.defineProperty(layer, 'call', own);
    else Reflect.deleteProperty(layer, 'call');
    hooked.delete(layer);
  };
}

let linearActivation: LayerFields['activation'] | undefined;
/** The stock activation function that does nothing, which dense and convolutional layers know by its class. */
function linear(): LayerFields['activation'] {
  linearActivation ??= (layers.activation({ activation: 'linear', name: 'linear' }) as unknown as LayerFields)
    .activation;
  return linearActivation;
}
