import { checkOptions } from '../../../common/checkOptions';
import { checkRange } from './checkRange';
import { checkPixels, type ImageDataset, type PixelFormat, take, toPixels } from './dataset';
import { checkSeed } from './random';
import { sampleStratified } from './split';

/** What every loader of a published training and test part takes. */
export interface DrawOptions<P extends PixelFormat = 'unit'> {
  /** Images to draw from the training part. Default all. */
  train?: number;
  /** Images to draw from the test part. Default all. */
  test?: number;
  /** Which images, and in which order; the same seed gives the same. Default 0. */
  seed?: number;
  /** `'unit'`: Float32Array in [0, 1] (default). `'byte'`: Uint8Array in 0–255. */
  pixels?: P;
}

/**
 * Refuses options before anything is read or downloaded.
 *
 * @param of - what takes them, for the message.
 * @param others - names of options besides {@link DrawOptions}.
 * @throws {ArgumentError} for an option that is none, a seed that is no whole number, and a format of pixels that is none.
 */
export function checkDraw(of: string, options: DrawOptions<PixelFormat>, ...others: string[]): void {
  const known = ['train', 'test', 'seed', 'pixels', ...others];
  checkOptions<object>(of, options, Object.fromEntries(known.map((name) => [name, 1])));
  checkSeed(options.seed ?? 0);
  checkPixels(options.pixels ?? 'unit');
}

/** A training and a test part. */
export interface TrainAndTest<P extends PixelFormat = 'unit'> {
  train: ImageDataset<P>;
  test: ImageDataset<P>;
}

/** Draws from both parts as asked: class proportions kept to the nearest image, in random order. */
export function drawImages<P extends PixelFormat>(
  parts: TrainAndTest<'byte'>,
  options: DrawOptions<P>,
  advice: string,
): TrainAndTest<P> {
  const { seed = 0, pixels = 'unit' as P } = options;
  const draw = (part: 'train' | 'test'): ImageDataset<P> => {
    const all = parts[part];
    const { [part]: count = all.shape[0] } = options;
    checkRange(part, count, 0, all.shape[0], advice);
    const drawn = take(all, sampleStratified(all.labels, count, seed));
    return { ...drawn, images: toPixels(drawn.images, pixels) };
  };
  return { train: draw('train'), test: draw('test') };
}
