import { ArgumentError } from '@crossreg/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type Examples, tensorList } from './examples';
import { fingerprint } from './fingerprint';
import type { RegularizationTensors } from './regularizationData';

const name = 'regularizationData';

/**
 * Refuses a regularization set that is the training data: on data that θ learns from, less regularization always looks better.
 * Inputs and targets must both be the same. The same inputs with other targets are another measurement at the same points.
 *
 * @throws ArgumentError
 */
export async function checkHeldOut(
  held: RegularizationTensors,
  training: Examples,
  model: LayersModel,
): Promise<void> {
  const pairs = sideBySide(held, training, model);
  for (const [one, other] of pairs) if (!(await isSame(one, other))) return;
  refuse(pairs);
}

/**
 * Does the same for a batch of an own loop. This runs at every step, so it reads nothing from the device: only tensors that
 * share their memory with the regularization set count as the same.
 *
 * @throws ArgumentError
 */
export function checkBatchHeldOut(held: RegularizationTensors, batch: Examples, model: LayersModel): void {
  const pairs = sideBySide(held, batch, model);
  if (pairs.every(([one, other]) => one.dataId === other.dataId)) refuse(pairs);
}

type Pair = readonly [held: Tensor, trained: Tensor];

/** Each held-out tensor with the training tensor of the same input or output. None if their numbers differ. */
function sideBySide([x, y]: RegularizationTensors, training: Examples, model: LayersModel): Pair[] {
  const held = [...tensorList(x, model.inputNames, name), ...tensorList(y, model.outputNames, name)];
  const trained = [...training.x, ...training.y];
  return held.length === trained.length ? held.map((tensor, i) => [tensor, trained[i]]) : [];
}

function refuse([first]: readonly Pair[]): void {
  if (!first) return;
  throw new ArgumentError(
    name,
    `holds the same ${first[0].shape[0]} examples as x and y. Give examples that are not trained on, or { split: 0.1 } to hold some out.`,
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
