// Every kernel is a function of an argument block and a range of units, so that threads can divide the range.
export { batchNormInput, batchNormSums, blockMoments, joinMoments, normalizeRows, scaleRows } from './batchNorm';
export { convolve, fillTable, packPanels, storeRow, tile1, tile4, tile8 } from './convolution';
export { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise';
export { allFinite, reluGradient, scaledProduct, spreadNumbers, spreadRows } from './elementwise';
export { addNoise, gaussian, noiseConstants, noiseProducts } from './noise';
export { adam, centeredRmsProp, momentum, nesterov, rmsProp, sgd } from './optimizers';
export { outerProducts } from './outer';
export { maxPoolGradient } from './pool';
export { segmentSum, transpose } from './rearrange';
export { sumMiddle } from './reduce';
export { warp, warpGradient } from './warp';
