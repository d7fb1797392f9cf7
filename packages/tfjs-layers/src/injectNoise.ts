import { ArgumentError } from '@crossreg/core';
import { checkOptions, show } from '@crossreg/core/internal';
import { type LayersModel, layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { channelAxis } from './channelAxis';
import { checkModel } from './checkInputs';
import { chooser, type LayerChoice, leafLayers } from './chooseLayers';
import { GraphRebuild } from './graph';
import { rememberInjected } from './injected';
import { activationOf } from './internals';
import {
  completeNoise,
  LearnableNoise,
  type LearnableNoiseOptions,
  noiseOptionNames,
} from './learnableNoise';
import { repeated, withParts } from './nestedLayers';
import { type NoisePlace, NoisePlaces, rememberPlaces } from './noisePlaces';
import { outputLayers } from './outputLayers';

/** The noise of recurrent layers. Their nonlinearities are inside, where nothing can be inserted. */
export interface RecurrentNoise {
  /** On the output of the layer (default), or on its input. */
  at?: 'outputs' | 'inputs';
  /** One draw for a whole sequence (default), as in variational recurrent dropout, or one per step. */
  draw?: 'sequence' | 'step';
}

export interface InjectNoiseOptions extends Omit<LearnableNoiseOptions, 'name'> {
  /** Which layers get noise, by name or as a predicate. Default: every hidden nonlinearity. */
  layers?: LayerChoice;
  /** The noise of recurrent layers; `false` for none. Default: noise on their outputs, one draw per sequence. */
  recurrent?: RecurrentNoise | false;
  /** Which axis the channels are on. Default: found from the data format of each layer. */
  axis?: number;
}

/** Layers that are a nonlinearity and nothing else: noise goes to their input. */
const nonlinearities = new Set([
  'Activation',
  'ReLU',
  'LeakyReLU',
  'ELU',
  'PReLU',
  'ThresholdedReLU',
  'Softmax',
]);
/** Layers that contain their nonlinearity: it is split off, and the noise is inserted in between. */
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

/** Layers of TensorFlow.js that only look up, join, pool, normalize, move or drop. */
const stockLinear = new Set([
  'Embedding',
  'Add',
  'Average',
  'Concatenate',
  'Dot',
  'Maximum',
  'Minimum',
  'Multiply',
  'BatchNormalization',
  'LayerNormalization',
  'AlphaDropout',
  'Dropout',
  'GaussianDropout',
  'GaussianNoise',
  'SpatialDropout1D',
  'Masking',
  'Flatten',
  'Permute',
  'RepeatVector',
  'Reshape',
  'Cropping2D',
  'UpSampling2D',
  'ZeroPadding2D',
  'AveragePooling1D',
  'AveragePooling2D',
  'AveragePooling3D',
  'MaxPooling1D',
  'MaxPooling2D',
  'MaxPooling3D',
  'GlobalAveragePooling1D',
  'GlobalAveragePooling2D',
  'GlobalMaxPooling1D',
  'GlobalMaxPooling2D',
]);

const recurrentLayers = new Set(['SimpleRNN', 'LSTM', 'GRU', 'RNN', 'ConvLSTM2D', 'Bidirectional']);

/**
 * Makes a new model with learnable noise before every hidden nonlinearity. It shares its weights with `model`, which stays
 * unchanged; with σ = 0 it is the same function. It works with sequential and functional models, nested models, shared layers,
 * several inputs and outputs, fused and separate activations. Compile the result.
 *
 * A nonlinearity inside `timeDistributed` gets noise, too. A recurrent layer, whose nonlinearities are inside, gets it on its
 * outputs or inputs. With `layers` you choose: a chosen layer with a nonlinearity gets noise before it, any other one on its
 * output. An output of the model gets none unless you choose it. {@link noisePlaces} lists the places and the reasons.
 *
 * @throws ArgumentError if the model has no place for noise, or already has noise.
 * @example
 * const noisy = injectNoise(model); // or { recurrent: { at: 'inputs' } }, where there are recurrent layers
 * console.log(String(noisePlaces(noisy)));
 */
export function injectNoise(model: LayersModel, options: InjectNoiseOptions = {}): LayersModel {
  const { noisy } = placeNoise(model, options);
  rememberInjected(model, 'injectNoise');
  return noisy;
}

/** {@link injectNoise}, with the places of the noise. */
export function placeNoise(
  model: LayersModel,
  options: InjectNoiseOptions,
): { noisy: LayersModel; places: NoisePlaces } {
  checkModel(model);
  if (noiseLayers(model).length > 0) {
    throw new ArgumentError('model', `${model.name} has learnable noise already. Train it as it is.`);
  }
  checkNoise('injectNoise', options);
  const { layers: choice, recurrent = {}, ...noiseOptions } = options;
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
  const skipped = new Map<layers.Layer, string>();

  const noisy = new GraphRebuild((layer, inputs, { copy, apply, add }) => {
    const position = positionOf(layer, { chosen, outputs, recurrent });
    if ('reason' in position) {
      skipped.set(layer, position.reason);
      return apply(copy(), inputs);
    }
    const { at, draw } = position;
    const noiseAt = (tensor: SymbolicTensor): SymbolicTensor => {
      let place = places.get(layer);
      if (!place) {
        const name = unique(`${layer.name}_noise`);
        const noise = new LearnableNoise({ axis: channelAxis(tensor), draw, ...noiseOptions, name });
        place = { layer, noise, position: at };
        if (at === 'activation') {
          // The function as an object, which need not be registered; the declared type knows names only.
          const activation = activationOf(repeated(layer)) as never;
          place.after = layers.activation({ activation, name: unique(`${layer.name}_activation`) });
        }
        places.set(layer, place);
      }
      const result = add(place.noise, tensor);
      return (place.after ? add(place.after, result) : result) as SymbolicTensor;
    };
    if (at === 'input') {
      // Further inputs of a recurrent layer are its states.
      const [first, ...states] = Array.isArray(inputs) ? inputs : [inputs];
      const noisyInput = noiseAt(first);
      return apply(copy(), states.length > 0 ? [noisyInput, ...states] : noisyInput);
    }
    const linear = apply(copy(at === 'activation' ? { activation: 'linear' } : undefined), inputs);
    const [output, ...more] = Array.isArray(linear) ? linear : [linear];
    if (more.length > 0) {
      throw new ArgumentError(
        'layers',
        `chooses ${show(layer.name)}, which has ${more.length + 1} outputs. Choose the layers that use them.`,
      );
    }
    return noiseAt(output);
  }).model(model);

  const all = new NoisePlaces(
    [...places.values()],
    [...skipped].map(([layer, reason]) => ({ layer, reason })),
  );
  if (places.size === 0) {
    noisy.dispose();
    const reason = chosen ? 'no layer was chosen by `layers`' : 'it has no hidden nonlinearity';
    throw new ArgumentError(
      'model',
      `${model.name} has no place for noise: ${reason}. Choose layers by name with { layers: [...] }.`,
    );
  }
  rememberPlaces(noisy, all);
  return { noisy, places: all };
}

/** Why a layer gets noise where it does, or why it gets none. */
function positionOf(
  layer: layers.Layer,
  {
    chosen,
    outputs,
    recurrent,
  }: {
    chosen: ReturnType<typeof chooser>;
    outputs: Set<layers.Layer>;
    recurrent: RecurrentNoise | false;
  },
): { at: NoisePlace['position']; draw?: 'step' | 'sequence' } | { reason: string } {
  if (chosen && !chosen(layer)) return { reason: 'not chosen by `layers`' };
  const kind = repeated(layer).getClassName();
  const activation = activationOf(repeated(layer));
  const isLinear = activation?.getClassName() === 'linear';
  const isRecurrent = recurrentLayers.has(kind);
  if (!chosen && outputs.has(layer) && !(isRecurrent && recurrent && recurrent.at === 'inputs')) {
    return { reason: 'makes an output of the model' };
  }
  if (!isLinear && nonlinearities.has(kind)) return { at: 'input' };
  if (!isLinear && fused.has(kind) && activation) return { at: 'activation' };
  if (isRecurrent && layer.getClassName() === kind && (chosen || recurrent)) {
    const { at = 'outputs', draw = 'sequence' } = recurrent || {};
    if (at === 'inputs') return { at: 'input', draw };
    const returnsStates = layer.inboundNodes[0].outputTensors.length > 1;
    if (chosen || !returnsStates) return { at: 'output', draw };
    const advice = "recurrent: { at: 'inputs' } puts it before";
    return { reason: `returns its states too, which noise on its output does not reach; ${advice}` };
  }
  if (chosen) return { at: 'output' };
  if (isRecurrent) {
    return {
      reason: recurrent
        ? 'a recurrent layer in timeDistributed; chosen by `layers` it gets noise on its output'
        : 'recurrent: false',
    };
  }
  if (isLinear || stockLinear.has(kind)) return { reason: 'has no nonlinearity' };
  return {
    reason: `its class ${kind} is unknown, and so is its nonlinearity; chosen by \`layers\` it gets noise on its output`,
  };
}

/**
 * Refuses noise options that cannot be right for any model.
 *
 * @param of - the function that takes them, for the message.
 * @throws ArgumentError
 */
export function checkNoise(of: string, options: InjectNoiseOptions): void {
  checkOptions(of, options, { layers: 1, recurrent: 1, ...noiseOptionNames });
  const { recurrent = {}, layers: _, ...noise } = options;
  completeNoise(noise);
  const allowed = "{ at: 'outputs' or 'inputs', draw: 'sequence' or 'step' }";
  if (recurrent === false) return;
  if (typeof recurrent !== 'object' || recurrent === null) {
    throw new ArgumentError(
      'recurrent',
      `must be false or ${allowed}, but is ${show(recurrent)}. Leave it out for the default.`,
    );
  }
  checkOptions('recurrent', recurrent, { at: 1, draw: 1 });
  const { at = 'outputs', draw = 'sequence' } = recurrent;
  if (!['outputs', 'inputs'].includes(at) || !['sequence', 'step'].includes(draw)) {
    throw new ArgumentError(
      'recurrent',
      `must be false or ${allowed}, but is { at: ${show(at)}, draw: ${show(draw)} }. Leave it out for the default.`,
    );
  }
}

/** All `LearnableNoise` layers of a model in order, those of nested models and in `timeDistributed` included, each once. */
export const noiseLayers = (model: LayersModel): LearnableNoise[] =>
  withParts(model).filter((layer) => layer instanceof LearnableNoise);
