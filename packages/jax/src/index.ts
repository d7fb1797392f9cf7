export { type AveragedPredictionOptions, averagedPrediction } from './averagedPrediction';
export {
  type CrossRegularize,
  type CrossRegularizeOptions,
  type CrossRegularizeState,
  crossRegularize,
} from './crossRegularize';
export type { HistoryRow } from './history';
export { type AddNoiseOptions, addNoise, channelStd } from './noise';
export { normOf, retractTo } from './norms';
export {
  type AdamState,
  adam,
  type GradientTransformation,
  type LearningRate,
  noiseOptimizer,
  type SgdState,
  sgd,
} from './optimizer';
export { loadState, type SavedLeaf, type SavedState, saveState } from './savedState';
export type { ArrayTree } from './trees';
