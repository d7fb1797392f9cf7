import { checkOptions } from '../../../common/checkOptions';
import { type ImageDataset, type PixelFormat, toPixels } from './dataset';
import { digitsFile } from './embedded';
import { readEmbeddedFile } from './embeddedFile';
import { gunzip } from './gunzip';

/** The classes of the digit data sets, by label. */
export const digitClasses: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** What {@link digits} takes. */
export interface DigitsOptions<P extends PixelFormat = 'unit'> {
  /** `'unit'`: Float32Array in [0, 1] (default). `'byte'`: Uint8Array in 0–16, as published. */
  pixels?: P;
}

/**
 * The 1,797 handwritten digits of 8×8×1 that ship with this package, in the published order. Divide them with
 * `split`.
 *
 * Source: E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository
 * (1998), test set; CC BY 4.0.
 * @example
 * ```ts
 * const { images, labels, shape } = await digits(); // 1,797 images of 8×8
 * ```
 */
export async function digits<P extends PixelFormat = 'unit'>(
  options: DigitsOptions<P> = {},
): Promise<ImageDataset<P>> {
  checkOptions('digits', options, { pixels: 1 });
  const { pixels = 'unit' as P } = options;
  const text = new TextDecoder().decode(await gunzip(await readEmbeddedFile(digitsFile())));
  const rows = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(',').map(Number));
  const bytes = Uint8Array.from(rows.flatMap((row) => row.slice(0, 64)));
  return {
    images: toPixels(bytes, pixels, 16),
    labels: Uint8Array.from(rows, (row) => row[64]),
    shape: [rows.length, 8, 8, 1],
    classNames: digitClasses,
  };
}
