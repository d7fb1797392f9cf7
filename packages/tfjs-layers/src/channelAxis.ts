import { LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { axisOf, dataFormatOf } from './internals';
import { repeated } from './nestedLayers';

/** Layers whose output has its channels where the input has them. */
const keepsAxes = new Set([
  'Activation',
  'ReLU',
  'LeakyReLU',
  'ELU',
  'PReLU',
  'ThresholdedReLU',
  'Dropout',
  'GaussianDropout',
  'GaussianNoise',
  'AlphaDropout',
  'LayerNormalization',
  'Add',
  'Average',
  'Concatenate',
  'Maximum',
  'Minimum',
  'Multiply',
]);

/** The axis of the channels of a tensor in a model's graph, counted from the end: by the data format of the layers. */
export function channelAxis({ sourceLayer, nodeIndex, tensorIndex, shape }: SymbolicTensor): number {
  const layer = repeated(sourceLayer);
  const kind = layer.getClassName();
  if (layer instanceof LayersModel) return channelAxis(layer.outputs[tensorIndex]);
  const axis = axisOf(layer);
  const isNormalization = kind === 'BatchNormalization' || kind === 'LearnableNoise';
  if (isNormalization && axis !== undefined) return axis < 0 ? axis : axis - shape.length;
  if (keepsAxes.has(kind)) return channelAxis(sourceLayer.inboundNodes[nodeIndex].inputTensors[0]);
  // Flatten and the global poolings have a data format too, and leave no axis but the last.
  const dimensions = kind.startsWith('Global') ? undefined : /([123])D/.exec(kind)?.[1];
  const isFirst = dataFormatOf(layer) === 'channelsFirst';
  return isFirst && dimensions ? -1 - Number(dimensions) : -1;
}
