/**
 * Shared by the other packages of crossreg, which cannot import from each other. Nothing here is for users. Nothing is
 * removed within a major version, because the installed packages may differ in version.
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
} from '../../../common/argumentError';
export { checkOptions } from '../../../common/checkOptions';
export { show } from '../../../common/show';
export { checkAveraging, checkSoftmaxWidth, logSumExp, StreamingMoments } from './monteCarlo';
export { EARLY_STEPS, LATE_STEPS } from './noiseOptimizer';
export { adamDirection, adamMoments, checkOptimizer, rateOf } from './optimizer';
export { innerProduct } from './projection';
export { hash32, seedStreams } from './random';
export { levelRate } from './regularizer';
export { elapsedShare, rhoStepTime } from './schedule';
