import { ArgumentError } from '@crossreg/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type Examples, tensorList } from './examples';
import { fingerprint } from './fingerprint';
import type { RegularizationTensors } from './regularizationData';

/**
 * Refuses a regularization set that is the training data: on data that θ learns from, less regularization always looks better.
 * Inputs and targets must both be the same. The same inputs with other targets are another measurement at the same points.
 *
 * @throws ArgumentError
 */
export async function checkHeldOut(
  [x, y]: RegularizationTensors,
  training: Examples,
  model: LayersModel,
): Promise<void> {
  const name = 'regularizationData';
  const held = [...tensorList(x, model.inputNames, name), ...tensorList(y, model.outputNames, name)];
  const trained = [...training.x, ...training.y];
  if (held.length !== trained.length) return;
  for (const [i, tensor] of held.entries()) if (!(await isSame(tensor, trained[i]))) return;
  throw new ArgumentError(
    name,
    `holds the same ${held[0].shape[0]} examples as x and y. Give examples that are not trained on, or { split: 0.1 } to hold some out.`,
  );
}

/** Whether two tensors share their memory or, by their fingerprints, hold the same numbers. */
async function isSame(a: Tensor, b: Tensor): Promise<boolean> {
  if (a.size !== b.size) return false;
  if (a.dataId === b.dataId) return true;
  if (`${a.shape}` !== `${b.shape}`) return false;
  const [one, other] = await Promise.all([fingerprint(a), fingerprint(b)]);
  return JSON.stringify(one) === JSON.stringify(other);
}
