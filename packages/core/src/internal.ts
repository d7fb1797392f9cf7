/**
 * For the other packages of crossreg, which share these and cannot import them from each other. Nothing here is for users, and
 * within a major version none goes: the packages need not be of one version.
 *
 * @module
 */
export {
  checkAbove,
  checkInteger,
  checkList,
  checkOneOf,
  checkSeed,
  refuse,
  show,
} from './argumentError';
export { checkAveraging, checkSoftmaxWidth, logSumExp, StreamingMoments } from './monteCarlo';
export { LONGEST_EFOLD } from './noiseOptimizer';
export { adamDirection, adamMoments, checkOptimizer } from './optimizer';
export { checkOptions } from './options';
export { innerProduct } from './projection';
export { hash32, seedStreams } from './random';
export { levelRate } from './regularizer';
export { elapsedShare, rhoStepTime } from './schedule';
