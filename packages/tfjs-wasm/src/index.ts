export { register } from './register';
export { useWasm, type WasmOptions, type WasmStatus } from './useWasm';
