export { ArgumentError } from '../../../common/argumentError';
export { type Bijector, type BijectorName, bijectors, bounded, exp, softplus } from './bijector';
export { type Convergence, type ConvergenceStatus, convergence } from './convergence';
export { type CustomRegularizerOptions, customRegularizer } from './customRegularizer';
export { debiasedLoss } from './debiasedLoss';
export { rhoOptimizer } from './defaultOptimizers';
export { Array64 } from './float64/array64';
export { float64 } from './float64/float64';
export type { Framework, Optimizer } from './framework';
export { groupLasso } from './groupLasso';
export { type ParameterHistory, RegularizationHistory, type RegularizationRecord } from './history';
export { l1Norm } from './l1Norm';
export { l2Norm } from './l2Norm';
export { type Averaging, averagePredictions } from './monteCarlo';
export { type NoiseOptimizerOptions, noiseOptimizer } from './noiseOptimizer';
export { type NormLevelOptions, type NormScheme, normLevel } from './normLevel';
export { adam, type LearningRate, type OptimizerFactory, sgd } from './optimizer';
export type { NormScope } from './projection';
export { deriveSeed, permutation, uniform } from './random';
export { type RegularizationParameter, regularizationParameter } from './regularizationParameter';
export { type RegularizationState, RegularizationStep } from './regularizationStep';
export type { Regularizer } from './regularizer';
export { createSchedule, expectedOverhead, isRegularizationStep, type Schedule } from './schedule';
export { differencePenalty, type QuadraticPenalty, smoothness } from './smoothness';
export type { OptimizerState, SavedArray } from './state';
export {
  createTrainer,
  type StepContext,
  type Trainer,
  type TrainerOptions,
  type TrainerState,
} from './trainer';
