import type { LayersModel } from '@tensorflow/tfjs-layers';
import { leafLayers } from './chooseLayers';
import { type Fingerprints, fingerprints } from './fingerprint';
import type { FitPlan } from './fitInOrder';
import type { HeldOut } from './holdOut';
import type { HookedNoise } from './hookNoise';
import { isPart, type RegularizationBatches, type RegularizationData } from './regularizationData';

/** What must agree so that `fit` visits the same examples in the same order. */
export interface FittedData extends Fingerprints {
  examples: number;
  batchSize: number;
  shuffle: boolean;
  validationSplit: number;
  classWeight: unknown;
}

/** What identifies the training data and their order. */
export async function fittedData({ data, examples, batchSize, shuffle, args }: FitPlan): Promise<FittedData> {
  const { validationSplit = 0, classWeight = null } = args;
  return { examples, batchSize, shuffle, validationSplit, classWeight, ...(await fingerprints(data)) };
}

/** Regularization data, as JSON. */
export async function dataSettings(
  data: RegularizationData,
  heldOut: HeldOut | undefined,
  batches: RegularizationBatches | undefined,
): Promise<unknown> {
  if (!isPart(data)) return await batches?.settings();
  // What is held out says which groups and classes there are.
  const { groups, ...part } = data;
  return {
    ...part,
    stratified: data.stratified ?? 'auto',
    groups: groups !== undefined,
    of: heldOut?.from,
    ...(heldOut && (await fingerprints({ x: heldOut.tensors[0], y: heldOut.tensors[1] }))),
  };
}

/** Hooked noise as JSON. Places are numbers and not names, because names count the layers that a process has made. */
export function noiseSettings(hook: HookedNoise, model: LayersModel): object {
  const leaves = leafLayers(model);
  return hook.places.chosen.map(({ layer, noise, position }) => {
    const { name, ...config } = noise.getConfig() as Record<string, unknown>;
    return { layer: leaves.indexOf(layer), position, ...config };
  });
}
