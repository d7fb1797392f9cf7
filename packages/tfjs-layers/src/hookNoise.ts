import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, layers } from '@tensorflow/tfjs-layers';
import { forgetHook, hookedNoise, rememberHook } from './hooks';
import { type InjectNoiseOptions, placeNoise } from './injectNoise';
import { activationOf, type LayerActivation, setActivation } from './internals';
import type { LearnableNoise } from './learnableNoise';
import { repeated } from './nestedLayers';
import type { NoisePlace, NoisePlaces } from './noisePlaces';

/** Noise hooked into a model, see {@link hookNoise}. */
export interface HookedNoise {
  /** One for each place, in the order of the graph. They are layers of {@link toModel}'s result, not of the model. */
  readonly layers: readonly LearnableNoise[];
  /** Where they are, and why not elsewhere. */
  readonly places: NoisePlaces;
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

type Call = layers.Layer['call'];

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
  const { noisy, places } = placeNoise(model, options);
  const noises = places.taken.map(({ noise }) => noise);
  const free = () => {
    for (const noise of noises) for (const weight of noise.weights) weight.dispose();
  };
  try {
    places.taken.forEach(checkPlace);
  } catch (error) {
    free();
    throw error;
  }
  const undo: (() => void)[] = [];
  const unhook = () => {
    for (const restore of undo.splice(0)) restore();
  };
  const result: HookedNoise = {
    layers: noises,
    places,
    unhook,
    toModel: () => noisy,
    dispose() {
      unhook();
      free();
    },
  };
  for (const place of places.taken) {
    undo.push(hook(place));
    rememberHook(place.layer, place.noise, result);
  }
  return result;
}

function checkPlace({ layer, noise }: NoisePlace): void {
  if (hookedNoise(layer)) {
    throw new ArgumentError(
      'model',
      `has noise hooked into ${show(layer.name)} already. Call unhook() first.`,
    );
  }
  // A layer that could not be made again is in both models, and would bring its hook into the explicit one.
  if (noise.inboundNodes.some(({ inboundLayers }) => inboundLayers.includes(layer))) {
    throw new ArgumentError(
      'layers',
      `chooses ${show(layer.name)}, whose class ${layer.getClassName()} is not registered, so that no model with its ` +
        'noise can be made. Call tf.serialization.registerClass on the class.',
    );
  }
}

/** Puts a `call` of the layer's own before that of its class. Returns what takes it away again. */
function hook({ layer, noise, position }: NoisePlace): () => void {
  const activated = repeated(layer);
  const own = Object.getOwnPropertyDescriptor(layer, 'call');
  const call = layer.call.bind(layer);
  layer.call = {
    input: ((inputs, kwargs) => tf.tidy(() => call(noise.call(inputs, kwargs), kwargs))) as Call,
    output: ((inputs, kwargs) => tf.tidy(() => noise.call(call(inputs, kwargs), kwargs))) as Call,
    activation: ((inputs, kwargs) =>
      tf.tidy(() => {
        const activation = activationOf(activated)!;
        // For the time of the call only: nobody else, a save least of all, must find a linear layer.
        setActivation(activated, linear());
        try {
          return activation.apply(noise.call(call(inputs, kwargs), kwargs));
        } finally {
          setActivation(activated, activation);
        }
      })) as Call,
  }[position];
  return () => {
    if (own) Object.defineProperty(layer, 'call', own);
    else Reflect.deleteProperty(layer, 'call');
    forgetHook(layer);
  };
}

let linearActivation: LayerActivation | undefined;
/** The stock activation function that does nothing, which dense and convolutional layers know by its class. */
function linear(): LayerActivation {
  linearActivation ??= activationOf(layers.activation({ activation: 'linear', name: 'linear' }))!;
  return linearActivation;
}
