export { type AnyCallback, callbackList } from './callbackList';
export {
  type Checkpoint,
  type CheckpointOptions,
  checkpoint,
  type TrainedModel,
} from './checkpoint';
export { type CheckpointStore, folderStore } from './checkpointStore';
export type { LayerChoice } from './chooseLayers';
export type { ClassWeights } from './classWeights';
export { CrossRegularization, crossRegularization } from './crossRegularization';
export type { CrossRegularizationOptions } from './crossRegularizationOptions';
export { Ensemble, type EnsemblePrediction, type EnsemblePredictOptions } from './ensemble';
export type { Estimator } from './estimator';
export type { NamedTensors, Tensors } from './examples';
export {
  type EnsembleProgress,
  type FitEnsembleOptions,
  fitEnsemble,
  type MemberInfo,
  type RegularizationFolds,
} from './fitEnsemble';
export { type HookedNoise, hookNoise } from './hookNoise';
export { indexedDBStore } from './indexedDBStore';
export { type InjectNoiseOptions, injectNoise, noiseLayers, type RecurrentNoise } from './injectNoise';
export type { Block } from './kernelLayout';
export { LearnableNoise, type LearnableNoiseOptions } from './learnableNoise';
export { loadEnsemble } from './loadEnsemble';
export { type NoisePlace, NoisePlaces, noisePlaces } from './noisePlaces';
export { type GroupLassoOptions, groupLasso, l1, l2, type Norm, type NormOptions, norm } from './norms';
export type { AveragingChoice } from './outputAveraging';
export { type PredictOptions, predict } from './predict';
export { type RandomLayer, randomLayers } from './randomLayers';
export type {
  RegularizationData,
  RegularizationDataset,
  RegularizationFold,
  RegularizationPart,
  RegularizationSplit,
  RegularizationTensors,
} from './regularizationData';
export type { EpochLogs, RunProgress } from './resumption';
export { type InferenceModelOptions, toInferenceModel } from './toInferenceModel';
