import type { PixelFormat } from './dataset';
import { checkDraw, type DrawOptions, drawImages, type TrainAndTest } from './draw';
import { fashionMnistFiles } from './embedded';
import { readEmbeddedFile } from './embeddedFile';
import { imagesFromIdx } from './imagesFromIdx';

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

/**
 * The 8,000 images of Fashion-MNIST that ship with this package, 28×28×1 in ten classes: 300 a class from the
 * published training file and 500 a class from the published test file. Nothing is downloaded. Draws are class
 * balanced (to the nearest image) and in random order.
 *
 * Source: H. Xiao, K. Rasul, R. Vollgraf, *Fashion-MNIST*, arXiv:1708.07747 (2017); MIT licence, © Zalando SE.
 *
 * @throws {ArgumentError} if more images are asked for than the package holds.
 * @example
 * ```ts
 * const { train, test } = await fashionMnist({ train: 1000, test: 500, seed: 1 });
 * const images = tf.tensor(train.images, train.shape);
 * ```
 */
export async function fashionMnist<P extends PixelFormat = 'unit'>(
  options: DrawOptions<P> = {},
): Promise<TrainAndTest<P>> {
  checkDraw('fashionMnist', options);
  const read = async ({ images, labels }: (typeof fashionMnistFiles)['train']) => {
    const [x, y] = await Promise.all([images(), labels()].map(readEmbeddedFile));
    return imagesFromIdx(x, y, { classNames: fashionMnistClasses, pixels: 'byte' });
  };
  const [train, test] = await Promise.all([read(fashionMnistFiles.train), read(fashionMnistFiles.test)]);
  const advice =
    'The complete files of 60,000 and 10,000 images open with idxFolder() of @crossreg/datasets/node.';
  return drawImages({ train, test }, options, advice);
}
