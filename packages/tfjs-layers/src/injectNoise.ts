import { ArgumentError, show } from '@crossreg/core';
import type * as tf from '@tensorflow/tfjs-core';
import { LayersModel, layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { chooser, type LayerChoice, leafLayers } from './chooseLayers';
import { GraphRebuild } from './graph';
import { rememberInjected } from './injected';
import { LearnableNoise, type LearnableNoiseOptions } from './learnableNoise';
import { outputLayers } from './outputLayers';

export interface InjectNoiseOptions extends Omit<LearnableNoiseOptions, 'name'> {
  /** Which layers get noise, by name or as a predicate. Default: every hidden nonlinearity. */
  layers?: LayerChoice;
}

/** Layers that are a nonlinearity and nothing else: noise goes to their input. */
const nonlinearities = new Set(['Activation', 'ReLU', 'LeakyReLU', 'ELU', 'PReLU', 'ThresholdedReLU']);
/** Layers that end in a nonlinearity of their own: it is split off, and noise goes between. */
const fused = new Set([
  'Dense',
  'Conv1D',
  'Conv2D',
  'Conv3D',
  'Conv2DTranspose',
  'Conv3DTranspose',
  'SeparableConv2D',
  'DepthwiseConv2D',
]);

/** Where `injectNoise` put noise into a model. */
export interface NoisePlace {
  /** The layer in the model that was given. */
  layer: layers.Layer;
  noise: LearnableNoise;
  /** Between the linear part of the layer and its activation function, before the layer, or after it. */
  position: 'activation' | 'input' | 'output';
}

/**
 * A new model with learnable noise before every hidden nonlinearity. The weights are shared with `model`, which
 * stays as it was; the function is the same while σ = 0. Works on sequential and functional models, with nested
 * models, shared layers, several inputs and outputs, fused and separate activations. Compile the result.
 *
 * With `layers` you choose: a chosen layer with a nonlinearity gets noise before it, any other on its output. A model
 * output gets none unless chosen.
 *
 * @throws ArgumentError if the model has no place for noise, or has noise already.
 */
export function injectNoise(model: LayersModel, options: InjectNoiseOptions = {}): LayersModel {
  const { noisy } = placeNoise(model, options);
  rememberInjected(model, 'injectNoise');
  return noisy;
}

/** {@link injectNoise}, with the places of the noise, in the order of the graph. */
export function placeNoise(
  model: LayersModel,
  options: InjectNoiseOptions,
): { noisy: LayersModel; places: NoisePlace[] } {
  if (!(model instanceof LayersModel)) {
    throw new ArgumentError('model', `must be a tf.LayersModel, but is ${show(model)}.`);
  }
  if (noiseLayers(model).length > 0) {
    throw new ArgumentError('model', `${model.name} has learnable noise already. Train it as it is.`);
  }
  const { layers: choice, ...noiseOptions } = options;
  const chosen = chooser(choice, model);
  const outputs = outputLayers(model);
  const names = new Set(leafLayers(model).map(({ name }) => name));
  const unique = (name: string) => {
    let free = name;
    for (let i = 2; names.has(free); i++) free = `${name}_${i}`;
    names.add(free);
    return free;
  };
  const places = new Map<layers.Layer, NoisePlace & { after?: layers.Layer }>();

  const noisy = new GraphRebuild((layer, inputs, { copy, apply }) => {
    const kind = layer.getClassName();
    const { activation } = layer as unknown as { activation?: tf.serialization.Serializable };
    const separate = nonlinearities.has(kind);
    const nonlinear =
      activation?.getClassName() !== 'linear' && (separate || (fused.has(kind) && activation));
    if (!(chosen ? chosen(layer) : nonlinear && !outputs.has(layer))) return apply(copy(), inputs);
    let place = places.get(layer);
    if (!place) {
      const noise = new LearnableNoise({ ...noiseOptions, name: unique(`${layer.name}_noise`) });
      place = { layer, noise, position: separate ? 'input' : nonlinear ? 'activation' : 'output' };
      if (place.position === 'activation') {
        // The function as an object, which need not be registered; the declared type knows names only.
        const config = { activation: activation as never, name: unique(`${layer.name}_activation`) };
        place.after = layers.activation(config);
      }
      places.set(layer, place);
    }
    const { noise, position, after } = place;
    if (position === 'input') return apply(copy(), noise.apply(inputs) as SymbolicTensor);
    const linear = apply(copy(after && { activation: 'linear' }), inputs);
    if (Array.isArray(linear) && linear.length > 1) {
      throw new ArgumentError(
        'layers',
        `chooses ${show(layer.name)}, which has ${linear.length} outputs. Choose the layers that use them.`,
      );
    }
    const result = noise.apply(linear) as SymbolicTensor;
    return after ? (after.apply(result) as SymbolicTensor) : result;
  }).model(model);

  if (places.size === 0) {
    const reason = chosen ? 'no layer was chosen by `layers`' : 'it has no hidden nonlinearity';
    throw new ArgumentError(
      'model',
      `${model.name} has no place for noise: ${reason}. Choose layers by name with { layers: [...] }.`,
    );
  }
  return { noisy, places: [...places.values()] };
}

/** All `LearnableNoise` layers of a model in order, those of nested models included, each once. */
export function noiseLayers(model: LayersModel): LearnableNoise[] {
  const found = model.layers.flatMap((layer) =>
    layer instanceof LayersModel ? noiseLayers(layer) : layer instanceof LearnableNoise ? [layer] : [],
  );
  return [...new Set(found)];
}
