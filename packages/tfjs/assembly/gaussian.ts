// Of the kernels of @crossreg/tfjs-wasm the one that fills memory with a stream of Gaussian numbers: here for memory of its
// own, so that noise is drawn fast whatever the backend is.
export { gaussian, noiseConstants } from '../../tfjs-wasm/assembly/noise';
