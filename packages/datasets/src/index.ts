export { ArgumentError } from '../../../common/argumentError';
export { type BatchOptions, batches } from './batches';
export { cifar10Classes, parseCifar10 } from './cifar10';
export {
  type Dataset,
  type ImageDataset,
  type PixelFormat,
  type Pixels,
  type TabularDataset,
  take,
} from './dataset';
export { DatasetError } from './datasetError';
export { type DiabetesOptions, diabetes } from './diabetes';
export { type DigitsOptions, digitClasses, digits } from './digits';
export type { DrawOptions, TrainAndTest } from './draw';
export { fashionMnist, fashionMnistClasses } from './fashionMnist';
export { gunzip } from './gunzip';
export { type IdxArray, parseIdx } from './idx';
export { imagesFromIdx } from './imagesFromIdx';
export { type MatArray, parseMat } from './mat';
export { oneHot } from './oneHot';
export { type SplitOptions, split } from './split';
export { imagesFromSvhn } from './svhn';
