// Every kernel is a function of an argument block and a range of units, so that ranges can be shared out.
export { batchNormSums, scaleRows } from './batchNorm';
export { convolve, fillTable, packPanels } from './convolution';
export { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise';
export { addNoise, gaussian, noiseProducts } from './noise';
export { outerProducts } from './outer';
export { maxPoolGradient } from './pool';
export { segmentSum, transpose } from './rearrange';
export { sumMiddle } from './reduce';
