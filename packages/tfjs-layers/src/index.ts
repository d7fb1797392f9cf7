export {
  type Checkpoint,
  type CheckpointOptions,
  checkpoint,
  type Resumable,
  type TrainedModel,
} from './checkpoint';
export { type CheckpointStore, folderStore } from './checkpointStore';
export type { LayerChoice } from './chooseLayers';
export {
  CrossRegularization,
  type CrossRegularizationOptions,
  crossRegularization,
} from './crossRegularization';
export { freeze } from './freeze';
export { type HookedNoise, hookNoise } from './hookNoise';
export { indexedDBStore } from './indexedDBStore';
export { rememberInjected } from './injected';
export { type InjectNoiseOptions, injectNoise, noiseLayers, type RecurrentNoise } from './injectNoise';
export { LearnableNoise, type LearnableNoiseOptions } from './learnableNoise';
export { type NoisePlace, NoisePlaces, noisePlaces } from './noisePlaces';
export { type GroupOptions, group, l1, l2, type Norm, type NormOptions, norm } from './norms';
export { predict } from './predict';
export { type RandomLayer, randomLayers } from './randomLayers';
export type {
  RegularizationData,
  RegularizationDataset,
  RegularizationTensors,
  Tensors,
} from './regularizationData';
export type { RunProgress } from './resumption';
