import { ArgumentError } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs-core';
import {
  model as functional,
  input,
  LayersModel,
  layers,
  type SymbolicTensor,
} from '@tensorflow/tfjs-layers';
import { partOf } from './internals';
import { partsOf, repeated } from './nestedLayers';
import { asSettings } from './settings';
import { shareWeights } from './shareWeights';

/** A layer call. */
type Node = layers.Layer['inboundNodes'][number];
type CallArguments = NonNullable<Node['callArgs']>;
type Symbols = SymbolicTensor | SymbolicTensor[];
type LayerClass = { fromConfig(cls: unknown, config: tf.serialization.ConfigDict): layers.Layer };

const list = <T>(x: T | T[]): T[] => (Array.isArray(x) ? x : [x]);
const one = <T>(xs: T[]): T | T[] => (xs.length === 1 ? xs[0] : xs);
const nodeOf = ({ sourceLayer, nodeIndex }: SymbolicTensor): Node => sourceLayer.inboundNodes[nodeIndex];

/** The layer calls between the inputs and the outputs of a model, in the order in which they were made. */
function nodesInOrder({ inputs, outputs }: LayersModel): Node[] {
  const found = new Set<Node>();
  const find = (tensor: SymbolicTensor) => {
    const node = nodeOf(tensor);
    if (inputs.includes(tensor) || found.has(node)) return;
    found.add(node);
    node.inputTensors.forEach(find);
  };
  outputs.forEach(find);
  return [...found].sort((a, b) => a.outputTensors[0].id - b.outputTensors[0].id);
}

/** Applies (a copy of) a layer to symbolic inputs; may put other layers around it. */
export type ApplyLayer = (
  layer: layers.Layer,
  inputs: Symbols,
  context: {
    /** A copy of the layer with the same weights, after `change`s to its configuration; one for each layer. */
    copy(change?: tf.serialization.ConfigDict): layers.Layer;
    /** Applies a copy, and sees to it that it shares the weights. */
    apply(copy: layers.Layer, inputs: Symbols): Symbols;
    /** Applies a layer that is no copy. */
    add(layer: layers.Layer, inputs: Symbols): Symbols;
  },
) => Symbols;

/**
 * Takes the graph of a model apart and rebuilds it, one {@link ApplyLayer} at a time. The given model is left as
 * it was. Layers are made again from their configuration and then *share* the variables of the original: nothing
 * is copied, and training one trains both. A layer that cannot be made again is used itself: one of a class that is not
 * registered (`tf.serialization`), or whose `getConfig` leaves out what its constructor was given.
 */
export class GraphRebuild {
  private readonly copies = new Map<layers.Layer, layers.Layer>();
  private readonly containers = new Map<LayersModel, LayersModel>();

  /**
   * @param inline - puts the layers of nested models in their place, so that each use of one is built by itself.
   * @param suffix - of the names of all new layers, so that several models can be built into one.
   */
  constructor(
    private readonly applyLayer: ApplyLayer,
    private readonly inline = false,
    private readonly suffix = '',
  ) {}

  /** The new model of a whole model. */
  model(original: LayersModel): LayersModel {
    return this.container(original);
  }

  /**
   * The outputs of a model for new inputs, through the same copies of the layers for each of several paths.
   *
   * A layer is called in the order in which the model calls it, each time for all paths. TensorFlow.js saves the calls of a layer
   * by number, and numbers them again while it loads, as soon as it has the inputs of each. A call of a second path before one
   * that needs the first path would get its number, and the loaded model would be another network.
   *
   * @param paths - the inputs of each path.
   * @param called - layers that the new model has called already: it gives up a layer once, however often it calls it.
   */
  outputs(
    original: LayersModel,
    paths: readonly SymbolicTensor[][],
    called = new Set<layers.Layer>(),
  ): SymbolicTensor[][] {
    const made = new Map<Node, SymbolicTensor[][]>();
    const known = new Map(original.inputs.map((x, i) => [x, paths.map((inputs) => inputs[i])]));
    const resultsOf = (tensor: SymbolicTensor): SymbolicTensor[] =>
      known.get(tensor) ?? made.get(nodeOf(tensor))!.map((results) => results[tensor.tensorIndex]);
    for (const node of nodesInOrder(original)) {
      const from = node.inputTensors.map(resultsOf);
      const inputs = paths.map((_, path) => one(from.map((results) => results[path])));
      const layer = node.outputTensors[0].sourceLayer;
      made.set(node, this.apply(layer, inputs, plainArguments(node.callArgs), called).map(list));
    }
    const results = original.outputs.map(resultsOf);
    return paths.map((_, path) => results.map((each) => each[path]));
  }

  private apply(
    layer: layers.Layer,
    paths: Symbols[],
    callArgs: CallArguments,
    called: Set<layers.Layer>,
  ): Symbols[] {
    const call = (copy: layers.Layer, inputs: Symbols, args: CallArguments = {}): Symbols => {
      // A recurrent layer writes into the arguments.
      const outputs = copy.apply(inputs, { ...args }) as Symbols;
      // TensorFlow.js counts calls as users, but a model gives up each of its layers once.
      if (called.has(copy)) copy.dispose();
      called.add(copy);
      return outputs;
    };
    if (!(layer instanceof LayersModel) && repeated(layer) instanceof LayersModel) {
      return paths.map((inputs) => call(this.repetition(layer), inputs, callArgs));
    }
    if (layer instanceof LayersModel) {
      if (!this.inline) return paths.map((inputs) => call(this.container(layer), inputs));
      return this.outputs(layer, paths.map(list), called).map(one);
    }
    return paths.map((inputs) =>
      this.applyLayer(layer, inputs, {
        copy: (change) => this.copy(layer, change),
        apply: (copy, symbols) => {
          const outputs = call(copy, symbols, callArgs);
          if (copy !== layer) shareWeights(layer, copy);
          return outputs;
        },
        add: call,
      }),
    );
  }

  private container(original: LayersModel): LayersModel {
    let copy = this.containers.get(original);
    if (!copy) {
      if (!original.inputs?.length) {
        throw new ArgumentError(
          'model',
          `${original.name} has no input shape yet. Give its first layer an inputShape.`,
        );
      }
      const inputs = original.inputs.map((x) =>
        input({
          ...{ batchShape: x.shape, dtype: x.dtype },
          name: `${x.sourceLayer.name}${this.suffix}`,
        }),
      );
      copy = functional({
        inputs,
        outputs: this.outputs(original, [inputs])[0],
        name: `${original.name}${this.suffix}`,
      });
      if (!original.trainable) copy.trainable = false;
      this.containers.set(original, copy);
    }
    return copy;
  }

  /** `timeDistributed` of the new model of the model that it repeats. */
  private repetition(layer: layers.Layer): layers.Layer {
    let copy = this.copies.get(layer);
    if (!copy) {
      const [inner] = partsOf(layer);
      const repeats = inner instanceof LayersModel ? this.container(inner) : this.repetition(inner);
      copy = layers.timeDistributed({ name: `${layer.name}${this.suffix}`, layer: repeats });
      if (!layer.trainable) copy.trainable = false;
      this.copies.set(layer, copy);
    }
    return copy;
  }

  private copy(layer: layers.Layer, change: tf.serialization.ConfigDict = {}): layers.Layer {
    let copy = this.copies.get(layer);
    if (!copy) {
      copy = remake(layer, change, this.suffix) ?? layer;
      this.copies.set(layer, copy);
    }
    return copy;
  }
}

/** A new layer of the same class and configuration, without weights; undefined if it cannot be made again. */
function remake(
  layer: layers.Layer,
  change: tf.serialization.ConfigDict,
  suffix: string,
): layers.Layer | undefined {
  const name = `${layer.name}${suffix}`;
  const registered = tf.serialization.SerializationMap.getMap().classNameMap[layer.getClassName()]?.[0];
  if ((registered as unknown) !== layer.constructor) return undefined;
  if (layer.getClassName() === 'TimeDistributed') {
    const repeats = remake(partsOf(layer)[0], change, suffix);
    return repeats && layers.timeDistributed({ name, trainable: layer.trainable, layer: repeats });
  }
  const config = layer.getConfig();
  // Initializers, regularizers, constraints and activation functions go over as the objects they are: they need not
  // be registered then, and DepthwiseConv2D's getConfig, with its regularizer in the constraint's place, does no harm.
  for (const key of Object.keys(config)) {
    const live = partOf(layer, key);
    const isPart = live instanceof tf.serialization.Serializable && !(live instanceof layers.Layer);
    if (live === null || isPart) config[key] = live as unknown as tf.serialization.ConfigDictValue;
  }
  const cls = layer.constructor as unknown as LayerClass;
  const make = () => cls.fromConfig(cls, { ...config, ...change, name });
  const copy = layer.getConfig === layers.Layer.prototype.getConfig ? withSettings(layer, make) : make();
  if (!copy) return undefined;
  // It gets other weights as soon as it has any.
  copy.setFastWeightInitDuringBuild(true);
  return copy;
}

/**
 * The copy of a layer whose class has the `getConfig` of every layer, which knows nothing of what its own constructor was given;
 * undefined if the copy lacks it.
 */
function withSettings(layer: layers.Layer, make: () => layers.Layer): layers.Layer | undefined {
  let copy: layers.Layer;
  try {
    copy = make();
  } catch {
    return undefined;
  }
  // With a name, because names that TensorFlow.js makes count the layers of a class.
  const ofEveryLayer = Object.keys(layers.flatten({ name: 'any' }));
  const fields = copy as unknown as Record<string, unknown>;
  const text = (value: unknown) => JSON.stringify(asSettings(value));
  const isLost = Object.entries(layer).some(
    ([field, value]) =>
      field in copy &&
      !ofEveryLayer.includes(field) &&
      isSetting(value) &&
      text(value) !== text(fields[field]),
  );
  return isLost ? undefined : copy;
}

/** Whether the field of a layer can be an option, and not a part that it has made, such as a weight. */
const isSetting = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value instanceof tf.Tensor ||
  (Array.isArray(value) && value.every((one) => typeof one !== 'object'));

/**
 * The arguments of a call that can be made again. Symbolic tensors among them (the initial state of a recurrent
 * layer) are inputs of the node as well, and tensors (a mask) belong to the run that left them there.
 */
function plainArguments(callArgs: Node['callArgs']): CallArguments {
  const isPlain = (value: unknown): boolean =>
    Array.isArray(value) ? value.every(isPlain) : value === null || typeof value !== 'object';
  return Object.fromEntries(Object.entries(callArgs ?? {}).filter(([, value]) => isPlain(value)));
}
