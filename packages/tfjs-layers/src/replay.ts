import { LayersModel, type layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';

export type Layer = layers.Layer;
export type Node = Layer['inboundNodes'][number];

export const isNested = (layer: Layer): layer is LayersModel => layer instanceof LayersModel;

export const nodeOf = (tensor: SymbolicTensor): Node => tensor.sourceLayer.inboundNodes[tensor.nodeIndex];

/**
 * Runs through the graph of a model from its inputs to its outputs, each node once and after those it depends on, in
 * values of any kind.
 *
 * A nested model is one node; call `replay` on it in `visit` to go inside. A `Sequential` that begins with a model
 * has that model's layers in its own graph, as TensorFlow.js itself has it.
 *
 * @param feeds - one value for each input of the model.
 * @param visit - the values of a node's outputs from those of its inputs.
 * @returns one value for each output of the model.
 */
export function replay<V>(
  model: LayersModel,
  feeds: readonly V[],
  visit: (layer: Layer, inputs: V[], node: Node) => V[],
): V[] {
  const values = new Map<Node, V[]>();
  model.inputs.forEach((input, i) => {
    values.set(nodeOf(input), [feeds[i]]);
  });
  const valueOf = (tensor: SymbolicTensor): V => {
    const node = nodeOf(tensor);
    let outputs = values.get(node);
    if (!outputs) {
      outputs = visit(tensor.sourceLayer, node.inputTensors.map(valueOf), node);
      values.set(node, outputs);
    }
    return outputs[tensor.tensorIndex];
  };
  return model.outputs.map(valueOf);
}
