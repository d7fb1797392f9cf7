/**
 * For the other packages of crossreg. Nothing here is for users, and within a major version none goes.
 *
 * @module
 */
export { backendKernel } from './backendKernel';
export { checkTensors } from './checkTensors';
export { fillGaussian, fillUniform, isSampling } from './noise';
export { operation } from './operation';
