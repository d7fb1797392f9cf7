import type { LayersModel } from '@tensorflow/tfjs-layers';
import { momentumOf, setMomentum } from './internals';
import { withParts } from './nestedLayers';

/** The default of PyTorch, which it writes as 0.1. */
const MOMENTUM = 0.9;

/**
 * Makes the moving statistics of a model's batch normalizations follow learned noise. A momentum above 0.9 becomes 0.9, so that
 * the statistics average about the last 10 batches. With the default of TensorFlow.js, 0.99, they average 100 batches, in which
 * σ can rise by more than an e-fold. Behind a ReLU that shifts the mean of every unit, and the model would predict from the
 * statistics of another noise.
 *
 * @returns a function that restores every momentum.
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
