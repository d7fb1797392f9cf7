import { initializers, type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers';

export interface NetworkShape {
  readonly inputs: number;
  /** Hidden layers, and units in each. */
  readonly layers: number;
  readonly width: number;
  readonly outputs: number;
  readonly activation: 'sigmoid' | 'softmax' | 'linear';
  readonly seed: number;
}

/** Dense layers with ReLU. The seed gives the initial weights. */
export function network(shape: NetworkShape): LayersModel {
  const model = sequential();
  for (let i = 0; i < shape.layers; i++) {
    const kernelInitializer = initializers.heNormal({ seed: shape.seed + i });
    const first = i === 0 ? { inputShape: [shape.inputs] } : {};
    model.add(layers.dense({ units: shape.width, activation: 'relu', kernelInitializer, ...first }));
  }
  const kernelInitializer = initializers.glorotNormal({ seed: shape.seed + shape.layers });
  model.add(layers.dense({ units: shape.outputs, activation: shape.activation, kernelInitializer }));
  return model;
}
