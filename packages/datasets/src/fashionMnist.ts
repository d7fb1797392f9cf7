import { type ImageDataset, type PixelFormat, take, toPixels } from './dataset';
import { checkInteger, DatasetError } from './datasetError';
import { readEmbeddedFile } from './embeddedFile';
import { gunzip } from './gunzip';
import { parseIdx } from './idx';
import { sampleStratified } from './split';

/** The classes of Fashion-MNIST, by label. */
export const fashionMnistClasses: readonly string[] = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

// Bundlers find and copy these files only if each URL stands literally in `new URL(…, import.meta.url)`.
const files = {
  train: {
    images: () => new URL('../data/fashion-mnist/train-images-idx3-ubyte.gz', import.meta.url),
    labels: () => new URL('../data/fashion-mnist/train-labels-idx1-ubyte.gz', import.meta.url),
    count: 3000,
  },
  test: {
    images: () => new URL('../data/fashion-mnist/t10k-images-idx3-ubyte.gz', import.meta.url),
    labels: () => new URL('../data/fashion-mnist/t10k-labels-idx1-ubyte.gz', import.meta.url),
    count: 5000,
  },
};

/** What {@link fashionMnist} takes. */
export interface FashionMnistOptions<P extends PixelFormat = 'unit'> {
  /** Images to draw from the 3,000 of the training file in this package. Default all. */
  train?: number;
  /** Images to draw from the 5,000 of the test file in this package. Default all. */
  test?: number;
  /** Which images, and in which order; the same seed gives the same. Default 0. */
  seed?: number;
  /** `'unit'`: Float32Array in [0, 1] (default). `'byte'`: Uint8Array in 0–255. */
  pixels?: P;
}

/**
 * The 8,000 images of Fashion-MNIST that ship with this package, 28×28×1 in ten classes: 300 a class from the
 * published training file and 500 a class from the published test file. Nothing is downloaded. Draws are class
 * balanced (to the nearest image) and in random order.
 *
 * Source: H. Xiao, K. Rasul, R. Vollgraf, *Fashion-MNIST*, arXiv:1708.07747 (2017); MIT licence, © Zalando SE.
 *
 * @throws {DatasetError} if more images are asked for than the package holds.
 */
export async function fashionMnist<P extends PixelFormat = 'unit'>(
  options: FashionMnistOptions<P> = {},
): Promise<{ train: ImageDataset<P>; test: ImageDataset<P> }> {
  const { seed = 0, pixels = 'unit' as P } = options;
  for (const part of ['train', 'test'] as const) {
    const advice = 'The complete files of 60,000 and 10,000 images open with imagesFromIdx().';
    checkInteger(part, options[part] ?? files[part].count, 0, files[part].count, advice);
  }
  const draw = async (part: 'train' | 'test') => {
    const { images, labels, count } = files[part];
    const [imageBytes, labelBytes] = await Promise.all([images(), labels()].map(readEmbeddedFile));
    const all = await imagesFromIdx(imageBytes, labelBytes, {
      classNames: fashionMnistClasses,
      pixels: 'byte',
    });
    const drawn = take(all, sampleStratified(all.labels, options[part] ?? count, seed));
    return { ...drawn, images: toPixels(drawn.images, pixels) };
  };
  const [train, test] = await Promise.all([draw('train'), draw('test')]);
  return { train, test };
}

/**
 * Labelled images from a pair of idx files, gzipped or not: MNIST, Fashion-MNIST, Kuzushiji-MNIST, … as published.
 *
 * @throws {DatasetError} if the files are damaged or do not belong together.
 */
export async function imagesFromIdx<P extends PixelFormat = 'unit'>(
  images: Uint8Array,
  labels: Uint8Array,
  options: { classNames: readonly string[]; pixels?: P },
): Promise<ImageDataset<P>> {
  const { classNames, pixels = 'unit' as P } = options;
  const x = parseIdx(await gunzip(images, 'the image file'), 'the image file');
  const y = parseIdx(await gunzip(labels, 'the label file'), 'the label file');
  if (x.shape.length !== 3 || !(x.data instanceof Uint8Array)) {
    throw new DatasetError(
      `the image file must hold images × height × width bytes, but is ${x.shape.join('×')}.`,
    );
  }
  if (y.shape.length !== 1 || !(y.data instanceof Uint8Array) || y.shape[0] !== x.shape[0]) {
    throw new DatasetError(
      `the label file must hold ${x.shape[0]} bytes, one an image, but is ${y.shape.join('×')}. ` +
        'Are both files of the same part (train or t10k)?',
    );
  }
  const unknown = y.data.findIndex((label) => label >= classNames.length);
  if (unknown >= 0) {
    throw new DatasetError(`label ${y.data[unknown]} has no name: classNames has only ${classNames.length}.`);
  }
  const [count, height, width] = x.shape;
  return { images: toPixels(x.data, pixels), labels: y.data, shape: [count, height, width, 1], classNames };
}
