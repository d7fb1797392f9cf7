export { register } from './register';
export { useWasm } from './useWasm';
