import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PixelFormat } from '../dataset';
import { DatasetError } from '../datasetError';
import { drawImages, type TrainAndTest } from '../draw';
import { imagesFromSvhn } from '../svhn';
import { cached } from './cache';
import { download } from './download';
import { allThereIs, cacheAndAdvice, checkLoadOptions, type LoadOptions } from './loadOptions';

const site = 'http://ufldl.stanford.edu/housenumbers';
/** The site is not encrypted and publishes no checksums: these are the MD5 sums that torchvision checks. */
const md5 = {
  'train_32x32.mat': 'e26dedcc434d2e4c54c9b2d4a06d8373',
  'test_32x32.mat': 'eb5a983be6a315427106f1b164d9cef3',
};

/**
 * Street View House Numbers, cropped digits: 73,257 training and 26,032 test images, 32×32×3. From `folder`, else
 * from the cache, else the official `train_32x32.mat` (182 MB) and `test_32x32.mat` (64 MB) are downloaded once.
 *
 * Source: Y. Netzer et al., *Reading Digits in Natural Images with Unsupervised Feature Learning* (2011); for
 * non-commercial use.
 *
 * @throws {DatasetError} without a network and a copy, or for damaged files.
 */
export async function svhn<P extends PixelFormat = 'unit'>(
  options: LoadOptions<P> = {},
): Promise<TrainAndTest<P>> {
  checkLoadOptions('svhn', options);
  const { cache, advice } = cacheAndAdvice(options, 'train_32x32.mat and test_32x32.mat');
  const read = async (name: keyof typeof md5) => {
    const path = options.folder
      ? join(options.folder, name)
      : await cached(join(cache, 'svhn', name), async (temporary) => {
          const integrity = `md5-${Buffer.from(md5[name], 'hex').toString('base64')}`;
          const { onProgress } = options;
          await writeFile(
            temporary,
            await download(`${site}/${name}`, { name, integrity, advice, onProgress }),
          );
        });
    const bytes = await readFile(path).catch((cause) => {
      throw new DatasetError(`${path} cannot be read: ${cause.message}. Give the folder that holds it.`, {
        cause,
      });
    });
    return imagesFromSvhn(bytes, { pixels: 'byte' });
  };
  const parts = { train: await read('train_32x32.mat'), test: await read('test_32x32.mat') };
  return drawImages(parts, options, allThereIs);
}
