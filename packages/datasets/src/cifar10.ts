import { checkOptions } from '../../../common/checkOptions';
import { type ImageDataset, type PixelFormat, toPixels } from './dataset';
import { DatasetError } from './datasetError';

/** The classes of CIFAR-10, by label. */
export const cifar10Classes: readonly string[] = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

const PLANE = 32 * 32;
const RECORD = 1 + 3 * PLANE;

/**
 * Reads files of the official binary version (`data_batch_1.bin`, `test_batch.bin`, …): a record an image, of one
 * label byte and 1,024 bytes each of red, green and blue, row by row. Several files become one data set.
 *
 * Source: A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images* (2009),
 * https://www.cs.toronto.edu/~kriz/cifar.html.
 *
 * @throws {DatasetError} if a file is not whole records or a label is not one of ten.
 */
export function parseCifar10<P extends PixelFormat = 'unit'>(
  files: readonly Uint8Array[],
  options: { pixels?: P } = {},
): ImageDataset<P> {
  checkOptions('parseCifar10', options, { pixels: 1 });
  const { pixels = 'unit' as P } = options;
  files.forEach((bytes, i) => {
    if (bytes.length === 0 || bytes.length % RECORD !== 0) {
      throw new DatasetError(
        `files[${i}] is not a CIFAR-10 binary file: its ${bytes.length} bytes are not complete records of ${RECORD}. Give the files of the binary version as they were published.`,
      );
    }
  });
  const count = files.reduce((sum, bytes) => sum + bytes.length / RECORD, 0);
  const images = new Uint8Array(count * 3 * PLANE);
  const labels = new Uint8Array(count);
  let at = 0;
  for (const bytes of files) {
    for (let record = 0; record < bytes.length; record += RECORD, at++) {
      labels[at] = bytes[record];
      if (labels[at] > 9) {
        throw new DatasetError(
          `image ${at} has label ${labels[at]}, but CIFAR-10 has only the labels 0 to 9. Give a file of the binary version as it was published.`,
        );
      }
      interleave(bytes.subarray(record + 1, record + RECORD), images, at * 3 * PLANE);
    }
  }
  return {
    images: toPixels(images, pixels),
    labels,
    shape: [count, 32, 32, 3],
    classNames: cifar10Classes,
  };
}

/** Three planes to pixels of three channels. */
function interleave(planes: Uint8Array, out: Uint8Array, start: number): void {
  for (let i = 0; i < PLANE; i++) {
    out[start + 3 * i] = planes[i];
    out[start + 3 * i + 1] = planes[PLANE + i];
    out[start + 3 * i + 2] = planes[2 * PLANE + i];
  }
}

/** Writes what {@link parseCifar10} reads: images of 32×32×3 bytes and their labels as one binary file. */
export function formatCifar10(images: Uint8Array, labels: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(labels.length * RECORD);
  for (let i = 0; i < labels.length; i++) {
    bytes[i * RECORD] = labels[i];
    for (let pixel = 0; pixel < PLANE; pixel++) {
      for (let channel = 0; channel < 3; channel++) {
        bytes[i * RECORD + 1 + channel * PLANE + pixel] = images[(i * PLANE + pixel) * 3 + channel];
      }
    }
  }
  return bytes;
}
