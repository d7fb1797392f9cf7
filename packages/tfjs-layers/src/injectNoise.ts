import { ArgumentError, show } from '@crossreg/core';
import type { serialization } from '@tensorflow/tfjs-core';
import { LayersModel, layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { GraphRebuild } from './graph';
import { LearnableNoise, type LearnableNoiseOptions } from './learnableNoise';

export interface InjectNoiseOptions extends Omit<LearnableNoiseOptions, 'name'> {
  /** Which layers get noise, by name or as a predicate. Default: every hidden nonlinearity. */
  layers?: RegExp | readonly string[] | ((layer: layers.Layer) => boolean);
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

const injected = new WeakSet<layers.Layer>();

/**
 * Whether `injectNoise` made another model of this one, for the error of someone who trains the wrong one. Told by
 * the layers: what callbacks see of a sequential model is a functional one inside it, made anew by `compile`.
 */
export const wasInjected = (model: LayersModel): boolean => model.layers.some((layer) => injected.has(layer));

function chooser(choice: InjectNoiseOptions['layers']): ((layer: layers.Layer) => boolean) | undefined {
  if (choice === undefined || typeof choice === 'function') return choice;
  if (choice instanceof RegExp) return (layer) => choice.test(layer.name);
  if (Array.isArray(choice)) return (layer) => choice.includes(layer.name);
  throw new ArgumentError('layers', `must be a RegExp, names or a predicate, but is ${show(choice)}.`);
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
  if (!(model instanceof LayersModel)) {
    throw new ArgumentError('model', `must be a tf.LayersModel, but is ${show(model)}.`);
  }
  if (noiseLayers(model).length > 0) {
    throw new ArgumentError('model', `${model.name} has learnable noise already. Train it as it is.`);
  }
  const { layers: choice, ...noiseOptions } = options;
  const chosen = chooser(choice);
  const noises = new Map<layers.Layer, LearnableNoise>();
  const activations = new Map<layers.Layer, layers.Layer>();
  const once = <L extends layers.Layer>(
    made: Map<layers.Layer, L>,
    layer: layers.Layer,
    make: () => L,
  ): L => {
    const one = made.get(layer) ?? make();
    made.set(layer, one);
    return one;
  };

  const result = new GraphRebuild((layer, inputs, { copy, apply, isOutput }) => {
    const { activation } = layer.getConfig() as { activation?: serialization.ConfigDictValue };
    const separate = nonlinearities.has(layer.getClassName());
    const nonlinear =
      activation !== 'linear' && (separate || (fused.has(layer.getClassName()) && activation != null));
    const wanted = chosen ? chosen(layer) : nonlinear && !isOutput;
    if (!wanted) return apply(copy(), inputs);
    const noise = once(
      noises,
      layer,
      () => new LearnableNoise({ ...noiseOptions, name: `${layer.name}_noise` }),
    );
    if (separate) return apply(copy(), noise.apply(inputs as SymbolicTensor) as SymbolicTensor);
    if (!nonlinear) return noise.apply(apply(copy(), inputs)) as SymbolicTensor;
    const after = once(activations, layer, () =>
      layers.activation({ activation: activation as never, name: `${layer.name}_activation` }),
    );
    return after.apply(noise.apply(apply(copy({ activation: 'linear' }), inputs))) as SymbolicTensor;
  }).model(model);

  if (noises.size === 0) {
    const reason = chosen ? 'no layer was chosen by `layers`' : 'it has no hidden nonlinearity';
    throw new ArgumentError(
      'model',
      `${model.name} has no place for noise: ${reason}. Choose layers by name with { layers: [...] }.`,
    );
  }
  for (const layer of model.layers) injected.add(layer);
  return result;
}

/** All `LearnableNoise` layers of a model in order, those of nested models included, each once. */
export function noiseLayers(model: LayersModel): LearnableNoise[] {
  const found = model.layers.flatMap((layer) =>
    layer instanceof LayersModel ? noiseLayers(layer) : layer instanceof LearnableNoise ? [layer] : [],
  );
  return [...new Set(found)];
}
