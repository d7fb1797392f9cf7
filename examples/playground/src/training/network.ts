import { initializers, type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers';

export interface NetworkShape {
  /** The shape of one example. */
  readonly inputShape: readonly number[];
  /** The number of hidden layers, and of units in each. */
  readonly layers: number;
  readonly width: number;
  readonly outputs: number;
  readonly activation: 'sigmoid' | 'softmax' | 'linear';
  readonly seed: number;
}

/** Dense layers with ReLU. The seed gives the initial weights. */
export function network(shape: NetworkShape): LayersModel {
  const model = sequential();
  const inputShape = [...shape.inputShape];
  model.add(inputShape.length > 1 ? layers.flatten({ inputShape }) : layers.inputLayer({ inputShape }));
  for (let i = 0; i < shape.layers; i++) {
    const kernelInitializer = initializers.heNormal({ seed: shape.seed + i });
    model.add(layers.dense({ units: shape.width, activation: 'relu', kernelInitializer }));
  }
  const kernelInitializer = initializers.glorotNormal({ seed: shape.seed + shape.layers });
  model.add(layers.dense({ units: shape.outputs, activation: shape.activation, kernelInitializer }));
  return model;
}
