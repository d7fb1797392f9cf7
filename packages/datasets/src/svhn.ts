import { checkOptions } from '../../../common/checkOptions';
import { type ImageDataset, type PixelFormat, toPixels } from './dataset';
import { DatasetError } from './datasetError';
import { digitClasses } from './digits';
import { parseMat } from './mat';

/**
 * Labelled images from a file of the Street View House Numbers, format 2 (cropped digits): `train_32x32.mat`,
 * `test_32x32.mat`. The file counts the digit 0 as label 10; here it is label 0.
 *
 * Source: Y. Netzer et al., *Reading Digits in Natural Images with Unsupervised Feature Learning* (2011),
 * http://ufldl.stanford.edu/housenumbers.
 *
 * @throws {DatasetError} if the file is damaged or holds something else.
 */
export async function imagesFromSvhn<P extends PixelFormat = 'unit'>(
  file: Uint8Array,
  options: { pixels?: P } = {},
): Promise<ImageDataset<P>> {
  checkOptions('imagesFromSvhn', options, { pixels: 1 });
  const { pixels = 'unit' as P } = options;
  const { X, y } = await parseMat(file, 'the SVHN file');
  const [height, width, channels, count = 1] = X?.shape ?? [];
  if (!(X?.data instanceof Uint8Array) || channels !== 3 || y?.data.length !== count) {
    throw new DatasetError(
      'the SVHN file must hold X, height × width × 3 × images bytes, and y, one label per image, but ' +
        `X is ${X ? X.shape.join('×') : 'missing'} and y is ${y ? y.shape.join('×') : 'missing'}. Give train_32x32.mat or test_32x32.mat.`,
    );
  }
  const labels = Uint8Array.from(y.data, (label) => label % 10);
  return {
    images: toPixels(rowMajor(X.data, height, width, channels, count), pixels),
    labels,
    shape: [count, height, width, channels],
    classNames: digitClasses,
  };
}

/** From column-major [height, width, channels, count] to row-major [count, height, width, channels]. */
function rowMajor(
  columns: Uint8Array,
  height: number,
  width: number,
  channels: number,
  count: number,
): Uint8Array {
  const rows = new Uint8Array(columns.length);
  let at = 0;
  for (let i = 0; i < count; i++) {
    for (let r = 0; r < height; r++) {
      for (let c = 0; c < width; c++) {
        for (let channel = 0; channel < channels; channel++, at++) {
          rows[at] = columns[r + height * (c + width * (channel + channels * i))];
        }
      }
    }
  }
  return rows;
}
