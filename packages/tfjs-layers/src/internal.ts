/**
 * For the other packages of crossreg. Nothing here is for users, and within a major version none goes.
 *
 * @module
 */
export { rememberInjected } from './injected';
export { layerArguments } from './layerArguments';
