export { ArgumentError } from '../../../common/argumentError';
export type { NativeOption } from './native';
export { registerKernels } from './registerKernels';
export { type NativeStatus, useWasm, type WasmOptions, type WasmStatus } from './useWasm';
