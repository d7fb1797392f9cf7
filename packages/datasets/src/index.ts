export { type BatchOptions, batches } from './batches';
export { type Dataset, type ImageDataset, type PixelFormat, type Pixels, take } from './dataset';
export { DatasetError } from './datasetError';
export { type FashionMnistOptions, fashionMnist, fashionMnistClasses, imagesFromIdx } from './fashionMnist';
export { gunzip } from './gunzip';
export { type IdxArray, parseIdx } from './idx';
export { oneHot } from './oneHot';
export { type SplitOptions, split } from './split';
