/**
 * For the other packages of crossreg. Nothing here is for users, and within a major version none goes.
 *
 * @module
 */
export { backendKernel, type ShaderOf } from './backendKernel';
export { checkTensors } from './checkTensors';
export { slotsOf } from './internals';
export { fillGaussian, fillUniform, isSampling } from './noise';
export { operation } from './operation';
export type { Inputs, Shader } from './shader';
