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
  /** One layer for each place, in the order of the graph. They belong to the result of {@link toModel}, not to the model. */
  readonly layers: readonly LearnableNoise[];
  /** The places of the noise, and the reasons for having none elsewhere. */
  readonly places: NoisePlaces;
  /** Removes the noise from the model. The layers keep their σ, and `toModel` still works. A second call does nothing. */
  unhook(): void;
  /**
   * The same network with these `layers` as explicit noise layers, ready to save and not compiled. It shares the weights of the
   * hooked model. Every call returns the same model. Use one of the two models at a time.
   */
  toModel(): LayersModel;
  /** Unhooks the noise and frees its variables. The model keeps its weights; the result of `toModel` can no longer be used. */
  dispose(): void;
}

type Call = layers.Layer['call'];

/**
 * Puts learnable noise into a model in place, at the same places as `injectNoise` and with the same numbers. A compiled model
 * stays compiled, with the state of its optimizer. The configuration of the model does not change: saved, it is the model
 * without noise, and {@link HookedNoise.toModel} returns the one with it.
 *
 * Layers that the model shares with other models have the noise there too, until `unhook`.
 *
 * @throws ArgumentError as `injectNoise` does, and for a model with a layer that is already hooked, or a chosen layer whose
 *   class is not registered.
 */
export function hookNoise(model: LayersModel, options: InjectNoiseOptions = {}): HookedNoise {
  const { noisy, places } = placeNoise(model, options);
  const noises = places.chosen.map(({ noise }) => noise);
  const [{ rho }] = noises;
  try {
    places.chosen.forEach(checkPlace);
  } catch (error) {
    noisy.dispose();
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
      // The result of `toModel` may have been disposed already.
      if (!rho.isDisposed) noisy.dispose();
    },
  };
  for (const place of places.chosen) {
    undo.push(hook(place));
    rememberHook(place.layer, place.noise, result);
  }
  return result;
}

function checkPlace({ layer, noise }: NoisePlace): void {
  if (hookedNoise(layer)) {
    throw new ArgumentError(
      'model',
      `already has noise hooked into ${show(layer.name)}. Call unhook() first.`,
    );
  }
  // A layer that could not be made again is in both models, and would bring its hook into the explicit one.
  if (noise.inboundNodes.some(({ inboundLayers }) => inboundLayers.includes(layer))) {
    throw new ArgumentError(
      'layers',
      `chooses ${show(layer.name)}, whose class ${layer.getClassName()} is not registered or does not define getConfig. So the model ` +
        'cannot be rebuilt with noise there. Call tf.serialization.registerClass on the class, and let getConfig return all ' +
        'options of the constructor.',
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
