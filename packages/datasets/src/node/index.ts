export { defaultCacheFolder } from './cache';
export { cifar10 } from './cifar10';
export type { OnProgress, Progress } from './download';
export { type IdxFolderOptions, idxFolder } from './idxFolder';
export type { LoadOptions } from './loadOptions';
export { mnist } from './mnist';
export { progressBar } from './progressBar';
export { spamAssassin, type TextDataset } from './spamAssassin';
export { svhn } from './svhn';
