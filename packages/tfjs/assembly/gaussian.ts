// Of the kernels of @crossreg/tfjs-wasm those that draw a stream of Gaussian numbers: here for memory of their own, so that
// noise is drawn fast whatever the backend is.
export { addNoise, gaussian, noiseConstants } from '../../tfjs-wasm/assembly/noise';
