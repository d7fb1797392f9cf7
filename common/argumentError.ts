import { show } from './show';

/**
 * Bad input, refused before anything is computed. The message names the argument, what was given, what is allowed,
 * and what to do.
 *
 * Packages that may depend on nothing build this class into themselves, so there is more than one copy of it: tell it by
 * `error.name === 'ArgumentError'`.
 */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';

  constructor(
    /** The argument at fault, as the user typed it: `schedule.every`. */
    readonly argument: string,
    message: string,
  ) {
    super(`${argument}: ${message}`);
  }
}

/** Refuses a value: what is allowed in its place, what was given, what to do. */
export function refuse(argument: string, value: unknown, allowed: string, advice: string): never {
  throw new ArgumentError(argument, `must be ${allowed}, but is ${show(value)}. ${advice}`);
}

/** Refuses anything but a list. The caller checks its elements. */
export function checkList(argument: string, value: unknown, of: string): void {
  if (!Array.isArray(value)) refuse(argument, value, `a list of ${of}`, 'Write [ ] around a single one.');
}

/** Refuses a seed that is not a whole number. */
export function checkSeed(argument: string, value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  return refuse(argument, value, 'a whole number', 'Use 0; a different seed gives different random numbers.');
}

/** Refuses anything but an integer of at least `min`. */
export function checkInteger(argument: string, value: unknown, min: number, advice: string): number {
  if (Number.isInteger(value) && (value as number) >= min) return value as number;
  return refuse(argument, value, `an integer of at least ${min}`, advice);
}

/** Refuses anything but a finite number above `bound` (or equal to it with `inclusive`). */
export function checkAbove(
  argument: string,
  value: unknown,
  bound: number,
  advice: string,
  inclusive = false,
): number {
  const number = Number.isFinite(value) ? (value as number) : Number.NaN;
  if (inclusive ? number >= bound : number > bound) return number;
  return refuse(argument, value, `a finite number ${inclusive ? 'of at least' : 'above'} ${bound}`, advice);
}

/** Refuses anything but one of the values `allowed`. */
export function checkOneOf<V extends string | boolean>(
  argument: string,
  value: unknown,
  allowed: readonly V[],
  advice: string,
): V {
  if (allowed.includes(value as V)) return value as V;
  const list = allowed.map((one) => (typeof one === 'string' ? `'${one}'` : one)).join(', ');
  return refuse(argument, value, list.replace(/, (?=[^,]*$)/, ' or '), advice);
}
