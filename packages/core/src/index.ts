export {
  ArgumentError,
  checkAbove,
  checkInteger,
  checkList,
  checkOneOf,
  checkSeed,
  show,
} from './argumentError';
export { type Bijector, type BijectorName, bijectors, bounded, exp, softplus } from './bijector';
export { checkPartition } from './checkPartition';
export { type Convergence, type ConvergenceStatus, convergence, fitLinearRate } from './convergence';
export { type CustomRegularizerOptions, customRegularizer } from './customRegularizer';
export { defaultOptimizers } from './defaultOptimizers';
export { Array64 } from './float64/array64';
export { float64 } from './float64/float64';
export type { Framework } from './framework';
export { groupLasso } from './groupLasso';
export { type ParameterHistory, RegularizationHistory, type RegularizationRecord } from './history';
export { jackknife } from './jackknife';
export { l1Norm } from './l1Norm';
export { l2Norm } from './l2Norm';
export {
  type Averaging,
  averagePredictions,
  checkAveraging,
  checkSoftmaxWidth,
  logMeanExp,
  logSumExp,
  StreamingMoments,
} from './monteCarlo';
export { type NoiseOptimizerOptions, noiseOptimizer } from './noiseOptimizer';
export { type NormLevelOptions, type NormScheme, normLevel } from './normLevel';
export {
  adam,
  adamDirection,
  checkOptimizer,
  type LearningRate,
  type Optimizer,
  type OptimizerFactory,
  sgd,
} from './optimizer';
export { checkOptions } from './options';
export { decompose, innerProduct, type NormScope, normalRate } from './projection';
export { deriveSeed, fillNormal, hash32, permutation, seedStreams, uniform } from './random';
export { type RegularizationParameter, regularizationParameter } from './regularizationParameter';
export { type RegularizationState, RegularizationStep, rhoOptimizer } from './regularizationStep';
export { levelRate, type Regularizer } from './regularizer';
export {
  createSchedule,
  defaultSchedule,
  elapsedShare,
  expectedOverhead,
  isRegularizationStep,
  type Schedule,
} from './schedule';
export { differencePenalty, type QuadraticPenalty, smoothness } from './smoothness';
export type { OptimizerState, SavedArray } from './state';
export {
  createTrainer,
  type StepContext,
  type Trainer,
  type TrainerOptions,
  type TrainerState,
} from './trainer';
