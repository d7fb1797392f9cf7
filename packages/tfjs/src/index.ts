export { tfjs } from './framework';
export {
  addNoise,
  currentNoise,
  deriveKey,
  fillGaussian,
  gaussian,
  type NoiseKey,
  NoiseStream,
  seedNoise,
  withNoise,
} from './noise';
export { operation, stopGradient } from './operation';
export { type MonteCarloOptions, monteCarloPredict, type Prediction } from './predict';
