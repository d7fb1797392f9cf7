import { LayersModel, type layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { repeated } from './nestedLayers';

/** Stock layers that pass on, average or join their inputs: the result of an output is still an output. */
const transparent = new Set([
  'Reshape',
  'Flatten',
  'Permute',
  'RepeatVector',
  'Cropping2D',
  'ZeroPadding2D',
  'UpSampling2D',
  'Dropout',
  'SpatialDropout1D',
  'GaussianDropout',
  'GaussianNoise',
  'AlphaDropout',
  'Add',
  'Average',
  'Concatenate',
]);

/**
 * The layers that make the outputs of a model: their tensors are outputs, or become outputs through layers that only
 * reshape, drop, add, average or join. Layers inside nested models are meant, not these themselves. A layer that is
 * used in several places is one if any of its uses is.
 */
export function outputLayers(model: LayersModel): Set<layers.Layer> {
  const found = new Set<layers.Layer>();
  const mark = (tensor: SymbolicTensor, markFeed: (input: SymbolicTensor) => void) => {
    const { sourceLayer: layer, nodeIndex, tensorIndex } = tensor;
    const { inputTensors } = layer.inboundNodes[nodeIndex];
    const inner = repeated(layer);
    if (inner instanceof LayersModel) {
      mark(inner.outputs[tensorIndex], (input) => mark(inputTensors[inner.inputs.indexOf(input)], markFeed));
    } else if (inputTensors[0] === tensor) {
      // The node of an input layer leads from its tensor to itself.
      markFeed(tensor);
    } else {
      found.add(layer);
      const linear = inner.getClassName() === 'Activation' && inner.getConfig().activation === 'linear';
      if (linear || transparent.has(inner.getClassName())) {
        for (const input of inputTensors) mark(input, markFeed);
      }
    }
  };
  for (const output of model.outputs) mark(output, () => {});
  return found;
}
