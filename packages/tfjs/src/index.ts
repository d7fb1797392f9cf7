export { tfjs } from './framework';
export {
  addNoise,
  currentNoise,
  deriveKey,
  gaussian,
  type NoiseKey,
  NoiseStream,
  seedNoise,
  withNoise,
} from './noise';
export { type MonteCarloOptions, monteCarloPredict, type Prediction } from './predict';
export { trainOptimizer } from './trainOptimizer';
