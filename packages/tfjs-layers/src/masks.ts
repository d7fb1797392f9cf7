import { LayersModel, type layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { marksZeros, returnsLastStep } from './internals';

/** Whether TensorFlow.js has a mask for a tensor of a model's graph: of padding that `Masking` or an embedding marks. */
export function carriesMask({ sourceLayer, nodeIndex, tensorIndex }: SymbolicTensor): boolean {
  const layer: layers.Layer = sourceLayer;
  const kind = layer.getClassName();
  if (kind === 'Masking') return true;
  if (kind === 'Embedding') return marksZeros(layer);
  if (kind === 'InputLayer' || layer instanceof LayersModel || !layer.supportsMasking) return false;
  // A recurrent layer hands it on with a whole sequence only.
  if (returnsLastStep(layer) || tensorIndex > 0) return false;
  return layer.inboundNodes[nodeIndex].inputTensors.some(carriesMask);
}
