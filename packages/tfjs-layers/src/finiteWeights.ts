import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { leafLayers } from './chooseLayers';
import { ownName } from './modelState';

/**
 * Ends training if weights are not finite: nothing after that could be right.
 *
 * @param step - training steps taken.
 * @throws Error
 */
export async function checkWeights(model: LayersModel, step: number): Promise<void> {
  const { weights } = model;
  const flags = tf.tidy(() =>
    tf.stack(weights.map((weight) => tf.cast(tf.all(tf.isFinite(weight.read())), 'int32'))),
  );
  const finite = await flags.data();
  flags.dispose();
  const broken = weights.filter((_, i) => finite[i] === 0);
  if (broken.length === 0) return;
  const [first] = broken;
  const layer = leafLayers(model).find((one) => one.weights.includes(first));
  throw new Error(
    `model: ${broken.length} of ${weights.length} weights are not finite after ${step} training steps, such as the ` +
      `${ownName(first)} of ${layer?.name}. Check the training data for NaN and infinities, try a smaller learning rate, and ` +
      'continue from earlier weights. A checkpoint has the weights of the previous epoch.',
  );
}
