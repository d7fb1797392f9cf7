import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';

/** The values of black and white in the images: `[0, 1]`, `[0, 255]`, `[-1, 1]`, or the result of a normalization. */
export type ValueRange = readonly [black: number, white: number];

/** Refuses anything but two finite numbers, the lower first. */
export function checkValueRange(argument: string, value: unknown): ValueRange {
  const pair = Array.isArray(value) && value.length === 2 ? (value as [unknown, unknown]) : [];
  const [black, white] = pair;
  if (Number.isFinite(black) && Number.isFinite(white) && (black as number) < (white as number)) {
    return [black as number, white as number];
  }
  throw new ArgumentError(
    argument,
    `must be two finite numbers, the values of black and white, but is ${show(value)}. Use [0, 1] or [0, 255].`,
  );
}

/**
 * Refuses pixels that cannot belong to a value range: pixels beyond it by more than a tenth of its width (images in [0, 255]
 * for [0, 1]), or all within a fiftieth of it (images in [0, 1] for [0, 255]). Images of a single colour tell nothing.
 *
 * @param low - the smallest pixel of some images; `high` the largest.
 * @throws ArgumentError
 */
export function checkPixels(layer: string, [black, white]: ValueRange, low: number, high: number): void {
  const width = white - black;
  const outside = low < black - width / 10 || high > white + width / 10;
  const narrow = high > low && high - low < width / 50;
  if (!outside && !narrow) return;
  const digits = (x: number) => Number(x.toPrecision(3));
  const likely =
    low >= 0 && high <= 1
      ? [0, 1]
      : low >= 0 && high > 1 && high <= 255
        ? [0, 255]
        : low >= -1 && high <= 1
          ? [-1, 1]
          : undefined;
  const remedy = likely
    ? `Give valueRange: [${likely.join(', ')}]`
    : 'Give valueRange the values of black and white in these images';
  throw new ArgumentError(
    'valueRange',
    `of ${layer} is [${black}, ${white}], but pixels of the first regularization batch range from ${digits(low)} to ` +
      `${digits(high)}: brightness and noise would be ${outside ? 'far too weak' : 'far too strong'}. ${remedy}, or scale the images.`,
  );
}
