// The kernels of @crossreg/tfjs-wasm that draw a stream of Gaussian numbers, compiled for separate memory, so that noise is
// drawn fast on every backend.
export { addNoise, gaussian, noiseConstants } from '../../tfjs-wasm/assembly/noise';
