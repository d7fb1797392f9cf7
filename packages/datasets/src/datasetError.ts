import { show } from '../../../common/show';

/** A data set that cannot be had as asked: a bad argument, a damaged file, a failed download. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
}

/** Refuses anything but an integer from `least` to `most`. */
export function checkInteger(argument: string, value: unknown, least: number, most: number, advice: string) {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw new DatasetError(
      `${argument} must be an integer from ${least} to ${most}, but is ${show(value)}. ${advice}`,
    );
  }
}
