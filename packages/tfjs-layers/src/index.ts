export {
  CrossRegularization,
  type CrossRegularizationOptions,
  crossRegularization,
} from './crossRegularization';
export { freeze } from './freeze';
export { type HookedNoise, hookNoise } from './hookNoise';
export { type InjectNoiseOptions, injectNoise, noiseLayers } from './injectNoise';
export { LearnableNoise, type LearnableNoiseOptions } from './learnableNoise';
export { predict } from './predict';
export type {
  RegularizationData,
  RegularizationDataset,
  RegularizationTensors,
  Tensors,
} from './regularizationData';
