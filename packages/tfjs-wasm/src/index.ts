export type { NativeOption } from './native';
export { register } from './register';
export { type NativeStatus, useWasm, type WasmOptions, type WasmStatus } from './useWasm';
