import { NoiseStream, withNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { forward } from './predict';
import type { RandomLayer } from './randomLayers';

/**
 * Shows each layer that asks for it what it gets, by a forward pass in inference mode: whatever comes before it in the model
 * is in it.
 *
 * @param x - inputs of the model.
 * @throws what a layer refuses its input with.
 */
export async function checkLayerInputs(
  model: LayersModel,
  layers: readonly RandomLayer[],
  x: tf.Tensor[],
): Promise<void> {
  for (const layer of layers) {
    if (!layer.checkInput) continue;
    let input: tf.Tensor | undefined;
    layer.setCallHook((inputs) => {
      input ??= tf.keep(tf.clone([inputs].flat()[0]));
    });
    try {
      // A separate stream: training still draws what it would have drawn.
      tf.tidy(() => {
        withNoise(new NoiseStream(0), () => forward(model, x, 'zero'));
      });
      if (input) await layer.checkInput(input);
    } finally {
      layer.clearCallHook();
      input?.dispose();
    }
  }
}
