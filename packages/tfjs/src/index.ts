export { backendKernel } from './backendKernel';
export { checkTensors } from './checkTensors';
export { tfjs } from './framework';
export {
  addNoise,
  currentNoise,
  deriveKey,
  fillGaussian,
  fillUniform,
  gaussian,
  isSampling,
  type NoiseKey,
  NoiseStream,
  seedNoise,
  withNoise,
} from './noise';
export { operation, stopGradient } from './operation';
export { type MonteCarloOptions, monteCarloPredict, type Prediction } from './predict';
export { trainOptimizer } from './trainOptimizer';
