export { type AugmentOptions, augment } from './augment';
export { augmentationLayers, type InjectAugmentationOptions, injectAugmentation } from './injectAugmentation';
export { LearnableAugmentation, type LearnableAugmentationOptions } from './learnableAugmentation';
export type { Range, RangeKind, RangeOption, RangeOptions } from './ranges';
export type { ValueRange } from './valueRange';
export { type Fill, type FillMode, warp } from './warp';
