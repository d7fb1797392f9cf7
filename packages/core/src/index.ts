export { ArgumentError, checkAbove, checkInteger, checkOneOf, show } from './argumentError';
export { type Bijector, type BijectorName, bijectors, bounded, exp, softplus } from './bijector';
export { type Convergence, type ConvergenceStatus, convergence, fitLinearRate } from './convergence';
export {
  type CrossRegularizer,
  type CrossRegularizerOptions,
  type CrossRegularizerState,
  crossRegularizer,
  type StepContext,
} from './crossRegularizer';
export { type CustomRegularizerOptions, customRegularizer } from './customRegularizer';
export { Array64 } from './float64/array64';
export { float64 } from './float64/float64';
export type { Framework } from './framework';
export { groupNorm } from './groupNorm';
export { RegularizationHistory, type RegularizationRecord, type RhoPath } from './history';
export { jackknife } from './jackknife';
export { l1 } from './l1';
export { l2 } from './l2';
export {
  type Averaging,
  averagePredictions,
  checkAveraging,
  checkSoftmaxWidth,
  logMeanExp,
  logSumExp,
  StreamingMoments,
} from './monteCarlo';
export { type NoisePace, noisePace } from './noisePace';
export {
  adam,
  adamDirection,
  type LearningRate,
  type Optimizer,
  type OptimizerFactory,
  sgd,
} from './optimizer';
export { checkOptions } from './options';
export { partition } from './partition';
export { decompose, type Extent, innerProduct, normalRate } from './projection';
export { deriveSeed, fillNormal, hash32, permutation, uniform } from './random';
export { type RegularizationState, RegularizationStep, rhoAdam } from './regularizationStep';
export { levelRate, type Regularizer } from './regularizer';
export { type NormLevelOptions, type NormScheme, normLevel, parameter, type Rho } from './rho';
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
