import { ArgumentError } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import { type ImageDataset, type PixelFormat, toPixels } from './dataset';
import { DatasetError } from './datasetError';
import { gunzip } from './gunzip';
import { parseIdx } from './idx';

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
  checkOptions('imagesFromIdx', options, { classNames: 1, pixels: 1 });
  const { classNames, pixels = 'unit' as P } = options;
  const x = parseIdx(await gunzip(images, 'the image file'), 'the image file');
  const y = parseIdx(await gunzip(labels, 'the label file'), 'the label file');
  if (x.shape.length !== 3 || !(x.data instanceof Uint8Array)) {
    throw new DatasetError(
      `the image file must hold images × height × width bytes, but has shape ${x.shape.join('×')}. Give the image file first, then the label file.`,
    );
  }
  if (y.shape.length !== 1 || !(y.data instanceof Uint8Array) || y.shape[0] !== x.shape[0]) {
    throw new DatasetError(
      `the label file must hold ${x.shape[0]} bytes, one per image, but has shape ${y.shape.join('×')}. ` +
        'Give two files of the same part (train or t10k).',
    );
  }
  const unknown = y.data.findIndex((label) => label >= classNames.length);
  if (unknown >= 0) {
    throw new ArgumentError(
      'classNames',
      `has only ${classNames.length} names, but the label file has the label ${y.data[unknown]}. Give a name for each label.`,
    );
  }
  const [count, height, width] = x.shape;
  return { images: toPixels(x.data, pixels), labels: y.data, shape: [count, height, width, 1], classNames };
}
