export { stopGradient, tfjs } from './framework';
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
export { type MonteCarloOptions, monteCarloPredict, type Prediction } from './predict';
