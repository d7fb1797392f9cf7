export { ArgumentError, checkAbove, checkInteger, show } from './argumentError';
export { type Bijector, type BijectorName, bijectors, bounded, exp, softplus } from './bijector';
export { type Convergence, type ConvergenceStatus, convergence, fitLinearRate } from './convergence';
export {
  type CrossRegularizer,
  type CrossRegularizerOptions,
  crossRegularizer,
  type StepContext,
} from './crossRegularizer';
export { Array64 } from './float64/array64';
export { float64 } from './float64/float64';
export type { Framework } from './framework';
export { RegularizationHistory, type RegularizationRecord, type RhoPath } from './history';
export {
  type Averaging,
  averagePredictions,
  checkAveraging,
  logMeanExp,
  logSumExp,
  StreamingMoments,
} from './monteCarlo';
export { adam, type LearningRate, type Optimizer, type OptimizerFactory, sgd } from './optimizer';
export { partition } from './partition';
export { decompose, innerProduct, normalRate } from './projection';
export { deriveSeed, fillNormal, hash32, permutation, uniform } from './random';
export { defaultRhoOptimizer, RegularizationStep } from './regularizationStep';
export { l2, type Regularizer } from './regularizer';
export { normLevel, parameter, type Rho } from './rho';
export {
  createSchedule,
  defaultSchedule,
  expectedOverhead,
  isRegularizationStep,
  type Schedule,
} from './schedule';
