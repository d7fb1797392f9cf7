import { refuse } from '../../../common/argumentError';

/** Refuses anything but an integer from `least` to `most`. */
export function checkRange(
  argument: string,
  value: unknown,
  least: number,
  most: number,
  advice: string,
): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  refuse(argument, value, `an integer from ${least} to ${most}`, advice);
}
