import type { LayersModel } from '@tensorflow/tfjs-layers';
import { momentumOf, setMomentum } from './internals';
import { withParts } from './nestedLayers';

/** The default of PyTorch, which it writes as 0.1. */
const MOMENTUM = 0.9;

/**
 * Makes the moving statistics of a model's batch normalizations follow noise that is learned: their momentum becomes 0.9 where it is
 * higher, so that they average over about the last 10 batches. The default of TensorFlow.js is 0.99, 100 batches, and in so many σ can
 * rise by more than an e-fold. Behind a ReLU that shifts the mean of every unit, so the model would predict from the
 * statistics of another noise.
 *
 * @returns what gives every normalization its former momentum back.
 */
export function followNoise(model: LayersModel): () => void {
  const slow = withParts(model)
    .filter((layer) => layer.getClassName() === 'BatchNormalization')
    .map((layer) => ({ layer, momentum: momentumOf(layer) }))
    .filter(({ momentum }) => momentum > MOMENTUM);
  for (const { layer } of slow) setMomentum(layer, MOMENTUM);
  return () => {
    for (const { layer, momentum } of slow) setMomentum(layer, momentum);
  };
}
