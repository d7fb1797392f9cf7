/**
 * For the other packages of crossreg, not for users. Nothing here is removed within a major version.
 *
 * @module
 */
export { checkModel } from './checkInputs';
export { rememberInjected } from './injected';
export { layerArguments } from './layerArguments';
