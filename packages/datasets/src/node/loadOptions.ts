import type { PixelFormat } from '../dataset';
import { checkDraw, type DrawOptions } from '../draw';
import { defaultCacheFolder } from './cache';
import type { OnProgress } from './download';

/** What the loaders take that download on demand. */
export interface LoadOptions<P extends PixelFormat = 'unit'> extends DrawOptions<P> {
  /** A folder that holds the official files: then nothing is downloaded. */
  folder?: string;
  /**
   * Where downloads are kept. Default: `CROSSREG_CACHE`, or `crossreg` in the system's folder for caches
   * (`~/.cache/crossreg` on Linux).
   */
  cache?: string;
  /** Hears how far a download has come: `progressBar()`. */
  onProgress?: OnProgress;
}

/** @throws {ArgumentError} for an option that no loader has. */
export const checkLoadOptions = (of: string, options: LoadOptions<PixelFormat>): void =>
  checkDraw(of, options, 'folder', 'cache', 'onProgress');

/** The cache folder, and what to advise when there is no network. */
export function cacheAndAdvice(options: LoadOptions<PixelFormat>, files: string) {
  const cache = options.cache ?? defaultCacheFolder();
  const advice =
    `Are you offline? Once downloaded, it is read from ${cache}. Or give the folder that holds ${files} ` +
    "as { folder: '…' }.";
  return { cache, advice };
}

/** What to do when more images are asked for than there are. */
export const allThereIs = 'There are no more in the published files.';
