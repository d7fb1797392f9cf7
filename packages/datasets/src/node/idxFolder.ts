import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PixelFormat } from '../dataset';
import { DatasetError } from '../datasetError';
import { digitClasses } from '../digits';
import { checkDraw, type DrawOptions, drawImages, type TrainAndTest } from '../draw';
import { imagesFromIdx } from '../imagesFromIdx';
import { allThereIs } from './loadOptions';

/** What {@link idxFolder} takes. */
export interface IdxFolderOptions<P extends PixelFormat = 'unit'> extends DrawOptions<P> {
  /** What each label means. Default: the ten digits. */
  classNames?: readonly string[];
}

/**
 * MNIST, Fashion-MNIST and their kin from a folder with the four published files: `train-images-idx3-ubyte`,
 * `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`, `t10k-labels-idx1-ubyte`, each as it is or with `.gz`.
 *
 * @example idxFolder('/usr/share/datasets/fashion-mnist', { classNames: fashionMnistClasses })
 * @throws {DatasetError} if a file is missing or damaged.
 */
export async function idxFolder<P extends PixelFormat = 'unit'>(
  folder: string,
  options: IdxFolderOptions<P> = {},
): Promise<TrainAndTest<P>> {
  checkDraw('idxFolder', options, 'classNames');
  const { classNames = digitClasses } = options;
  const names = await readdir(folder).catch((): string[] => []);
  const read = async (name: string) => {
    const found = [name, `${name}.gz`].find((candidate) => names.includes(candidate));
    if (!found) {
      throw new DatasetError(
        `${folder} has ${names.length} files, but neither ${name} nor ${name}.gz. Give the folder with the four published files.`,
      );
    }
    return readFile(join(folder, found));
  };
  const part = async (prefix: string) =>
    imagesFromIdx(await read(`${prefix}-images-idx3-ubyte`), await read(`${prefix}-labels-idx1-ubyte`), {
      classNames,
      pixels: 'byte',
    });
  return drawImages({ train: await part('train'), test: await part('t10k') }, options, allThereIs);
}
