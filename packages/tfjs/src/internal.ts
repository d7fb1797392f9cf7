/**
 * For the other packages of crossreg, not for users. Nothing here is removed within a major version.
 *
 * @module
 */
export { backendKernel, type ShaderOf } from './backendKernel';
export { checkTensors } from './checkTensors';
export { slotsOf } from './internals';
export { addLogs, logitsOf, logProbabilities } from './logProbabilities';
export { fillGaussian, fillUniform, isSampling } from './noise';
export { operation } from './operation';
export type { Inputs, Shader } from './shader';
