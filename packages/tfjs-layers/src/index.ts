export {
  CrossRegularization,
  type CrossRegularizationOptions,
  crossRegularization,
  type RegularizationTensors,
} from './crossRegularization';
export { freeze } from './freeze';
export { type InjectNoiseOptions, injectNoise, noiseLayers } from './injectNoise';
export { LearnableNoise, type LearnableNoiseOptions } from './learnableNoise';
export { predict } from './predict';
