export { type NativeKernels, nativeKernels } from './binding';
